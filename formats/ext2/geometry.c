#include "formats/ext2/geometry.h"

#include <inttypes.h>

#include "formats/ext2/format.h"

enum {
    DESCRIPTORS_A_BLOCK = EXT2_BLOCK / 32,
    LAST_GROUP_LEAST = 50,    /* blocks beyond its own tables; libext2fs drops a last group with fewer */
    LEAST_FREE = 1024 * 1024, /* bytes left free where no size is asked for */
    FREE_BLOCKS_AN_INODE = 4, /* one spare inode for each 16 KiB that are free, as mke2fs has it */
    LEAST_SPARE_INODES = 16,
};

static uint64_t divide_up(uint64_t value, uint64_t by)
{
    return (value + by - 1) / by;
}

static bool is_power_of(uint32_t value, uint32_t base)
{
    while (value > 1 && value % base == 0)
        value /= base;
    return value == 1;
}

bool ext2_group_has_super(uint32_t group)
{
    return group <= 1 || is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

static uint64_t group_count(uint64_t blocks)
{
    return divide_up(blocks, EXT2_GROUP_BLOCKS);
}

/* Blocks of bitmaps, inode table, and where it has them of superblock and descriptors. */
static uint64_t group_overhead(uint64_t groups, uint64_t group, uint64_t inodes)
{
    uint64_t overhead = 2 + divide_up(divide_up(inodes, groups), EXT2_INODES_A_BLOCK);
    if (ext2_group_has_super((uint32_t)group))
        overhead += 1 + divide_up(groups, DESCRIPTORS_A_BLOCK);
    return overhead;
}

static uint64_t overhead(uint64_t blocks, uint64_t inodes)
{
    uint64_t groups = group_count(blocks), sum = 0;
    for (uint64_t group = 0; group < groups; group++)
        sum += group_overhead(groups, group, inodes);
    return sum;
}

/* The blocks of the last group where libext2fs would drop it for being too small, else 0. An only group is no
 * exception. */
static uint64_t stump(uint64_t blocks, uint64_t inodes)
{
    uint64_t groups = group_count(blocks), rest = blocks % EXT2_GROUP_BLOCKS;
    bool dropped = rest > 0 && rest < group_overhead(groups, groups - 1, inodes) + LAST_GROUP_LEAST;
    return dropped ? rest : 0;
}

/* One step from a size that does not hold `content` blocks and the inodes towards one that does; false when
 * it does. */
static bool grow(uint64_t *blocks, uint64_t content, uint64_t inodes)
{
    uint64_t groups = group_count(*blocks);
    if (divide_up(inodes, groups) > EXT2_GROUP_INODES) {
        *blocks = groups * EXT2_GROUP_BLOCKS + 1;
        return true;
    }
    uint64_t needed = content + overhead(*blocks, inodes);
    if (*blocks < needed) {
        *blocks = needed;
        return true;
    }
    if (stump(*blocks, inodes) > 0) {
        *blocks =
            (groups - 1) * EXT2_GROUP_BLOCKS + group_overhead(groups, groups - 1, inodes) + LAST_GROUP_LEAST;
        return true;
    }
    return false;
}

/* The least blocks that hold it. */
static uint64_t least_blocks(uint64_t content, uint64_t inodes)
{
    uint64_t blocks = content + 1;
    while (blocks <= UINT32_MAX && grow(&blocks, content, inodes))
        ;
    return blocks;
}

static int set(struct ext2_geometry *geometry, uint64_t blocks, uint64_t inodes, const char *name,
               struct error *error)
{
    if (blocks > UINT32_MAX || inodes > UINT32_MAX)
        return error_set(error, "%s: %" PRIu64 " blocks and %" PRIu64 " inodes are more than ext2 can have",
                         name, blocks, inodes);
    *geometry = (struct ext2_geometry){(uint32_t)blocks, (uint32_t)inodes};
    return 0;
}

/* Exactly this many bytes: as many inodes as is usual for the size, fewer where it is tight. */
static int fill_size(const struct ext2_need *need, uint64_t inodes, uint64_t size, const char *name,
                     struct ext2_geometry *geometry, struct error *error)
{
    uint64_t blocks = size / EXT2_BLOCK;
    if (blocks > UINT32_MAX)
        return error_set(error, "%s: %" PRIu64 " bytes are more than ext2 can have", name, size);
    uint64_t spare = blocks > need->blocks ? (blocks - need->blocks) / FREE_BLOCKS_AN_INODE : 0;
    for (;; spare /= 2) {
        uint64_t used = blocks - stump(blocks, inodes + spare);
        uint64_t wanted = used;
        if (used > need->blocks && !grow(&wanted, need->blocks, inodes + spare))
            return set(geometry, used, inodes + spare, name, error);
        if (spare == 0)
            break;
    }
    return error_set(error, "%s: the content does not fit into %" PRIu64 " bytes; it needs %" PRIu64, name,
                     size, least_blocks(need->blocks, inodes) * EXT2_BLOCK);
}

int ext2_geometry_choose(const struct ext2_need *need, const struct ext2_options *options, const char *name,
                         struct ext2_geometry *geometry, struct error *error)
{
    uint64_t inodes = need->inodes;
    if (!options->size_is_extra && options->size > 0)
        return fill_size(need, inodes, options->size, name, geometry, error);
    uint64_t free_bytes = need->blocks * EXT2_BLOCK / 16;
    if (free_bytes < LEAST_FREE)
        free_bytes = LEAST_FREE;
    if (options->size_is_extra)
        free_bytes = options->size;
    uint64_t free_blocks = free_bytes / EXT2_BLOCK + (free_bytes % EXT2_BLOCK > 0);
    uint64_t spare = free_blocks / FREE_BLOCKS_AN_INODE;
    if (spare < LEAST_SPARE_INODES)
        spare = LEAST_SPARE_INODES;
    return set(geometry, least_blocks(need->blocks + free_blocks, inodes + spare), inodes + spare, name,
               error);
}
