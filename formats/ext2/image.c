/* Free blocks of an image handed out in order, a window through which they are written, and files' block
 * maps. */
#include <endian.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/ext2/internal.h"

enum {
    WINDOW_BLOCKS = 256,               /* 1 MiB: few writes, and most of a processor's cache stays free */
    WRITEBACK_SIZE = 16 * 1024 * 1024, /* bytes */
};

int ext2_image_init(struct ext2_image *image, ext2_filsys fs, int fd, const char *name, struct error *error)
{
    *image = (struct ext2_image){.fd = fd, .name = name, .fs = fs};
    if (posix_memalign((void **)&image->window, EXT2_BLOCK, (size_t)WINDOW_BLOCKS * EXT2_BLOCK) != 0)
        return error_set(error, "%s: out of memory", name);
    return 0;
}

void ext2_image_free(struct ext2_image *image)
{
    free(image->window);
    image->window = NULL;
}

/* ---- free blocks ---- */

static void mark_used(struct ext2_image *image)
{
    if (image->next > image->run_start)
        ext2fs_block_alloc_stats_range(image->fs, image->run_start, image->next - image->run_start, +1);
    image->run_start = image->next;
}

/* Moves on to the next run of free blocks. */
static int next_run(struct ext2_image *image, struct error *error)
{
    mark_used(image);
    blk64_t last = ext2fs_blocks_count(image->fs->super) - 1, start, end;
    if (image->run_end > last ||
        ext2fs_find_first_zero_block_bitmap2(image->fs->block_map, image->run_end, last, &start) != 0)
        return error_set(error, "%s: no free block is left", image->name);
    if (ext2fs_find_first_set_block_bitmap2(image->fs->block_map, start, last, &end) != 0)
        end = last + 1;
    image->next = image->run_start = (uint32_t)start;
    image->run_end = (uint32_t)end;
    return 0;
}

/* Up to `count` free blocks that follow one another. */
static int allocate(struct ext2_image *image, uint32_t count, uint32_t *block, uint32_t *granted,
                    struct error *error)
{
    if (image->next == image->run_end && next_run(image, error) < 0)
        return -1;
    uint32_t left = image->run_end - image->next;
    *block = image->next;
    *granted = count < left ? count : left;
    image->next += *granted;
    return 0;
}

/* ---- the window ---- */

/* Lets the kernel write complete pieces to disk while we go on: a file that is synced when it is whole has
 * little left to wait for then. Only a hint, so it may fail. */
static void start_writeback(const struct ext2_image *image, off_t offset, size_t length)
{
    off_t boundary = (offset + (off_t)length) / WRITEBACK_SIZE * WRITEBACK_SIZE;
    if (boundary > offset)
        sync_file_range(image->fd, boundary - WRITEBACK_SIZE, WRITEBACK_SIZE, SYNC_FILE_RANGE_WRITE);
}

static int flush(struct ext2_image *image, struct error *error)
{
    size_t length = (size_t)image->window_count * EXT2_BLOCK;
    off_t offset = (off_t)image->window_first * EXT2_BLOCK;
    image->window_count = 0;
    if (pwrite_all(image->fd, image->window, length, offset, image->name, error) < 0)
        return -1;
    start_writeback(image, offset, length);
    return 0;
}

int ext2_image_room(struct ext2_image *image, uint32_t block, uint32_t count, char **room, uint32_t *granted,
                    struct error *error)
{
    bool follows = block == image->window_first + image->window_count;
    if ((!follows || image->window_count == WINDOW_BLOCKS) && flush(image, error) < 0)
        return -1;
    if (image->window_count == 0)
        image->window_first = block;
    uint32_t left = WINDOW_BLOCKS - image->window_count;
    *granted = count < left ? count : left;
    *room = image->window + (size_t)image->window_count * EXT2_BLOCK;
    image->window_count += *granted;
    return 0;
}

/* Writes a block whose room was taken before: into the window while it is there, else into the file. */
static int put(struct ext2_image *image, uint32_t block, const void *bytes, struct error *error)
{
    if (block >= image->window_first && block - image->window_first < image->window_count) {
        memcpy(image->window + (size_t)(block - image->window_first) * EXT2_BLOCK, bytes, EXT2_BLOCK);
        return 0;
    }
    return pwrite_all(image->fd, bytes, EXT2_BLOCK, (off_t)block * EXT2_BLOCK, image->name, error);
}

int ext2_image_finish(struct ext2_image *image, struct error *error)
{
    mark_used(image);
    return flush(image, error);
}

/* ---- block maps ---- */

void ext2_map_init(struct ext2_map *map, struct ext2_image *image)
{
    map->image = image;
    map->blocks = 0;
    memset(map->i_block, 0, sizeof map->i_block);
    map->place = (struct ext2_place){0};
}

static void point(struct ext2_map *map, const struct ext2_place *place, unsigned level, uint32_t block)
{
    if (level == 0)
        map->i_block[place->index[0]] = block;
    else
        map->open[level].pointers[place->index[level]] = htole32(block);
}

/* Writes the open indirect blocks from `level` down. */
static int close_from(struct ext2_map *map, unsigned level, struct error *error)
{
    for (; level <= map->place.depth; level++)
        if (put(map->image, map->open[level].block, map->open[level].pointers, error) < 0)
            return -1;
    return 0;
}

/* A new indirect block of this level, right before the data that it leads to. */
static int open_indirect(struct ext2_map *map, const struct ext2_place *place, unsigned level,
                         struct error *error)
{
    uint32_t block, granted;
    char *room;
    if (allocate(map->image, 1, &block, &granted, error) < 0 ||
        ext2_image_room(map->image, block, 1, &room, &granted, error) < 0)
        return -1;
    memset(room, 0, EXT2_BLOCK); /* put() fills it in when it is complete */
    map->open[level].block = block;
    memset(map->open[level].pointers, 0, EXT2_BLOCK);
    point(map, place, level - 1, block);
    map->blocks++;
    return 0;
}

int ext2_map_add(struct ext2_map *map, uint32_t logical, uint32_t count, uint32_t *block, uint32_t *granted,
                 struct error *error)
{
    struct ext2_place place;
    if (!ext2_place_of(logical, &place))
        return error_set(error, "%s: a file is larger than ext2 can have", map->image->name);
    unsigned first_new = ext2_place_parts(&map->place, &place);
    if (close_from(map, first_new, error) < 0)
        return -1;
    for (unsigned level = first_new; level <= place.depth; level++)
        if (open_indirect(map, &place, level, error) < 0)
            return -1;
    map->place = place;
    uint32_t room = ext2_place_room(&place);
    if (allocate(map->image, count < room ? count : room, block, granted, error) < 0)
        return -1;
    for (uint32_t i = 0; i < *granted; i++, place.index[place.depth]++)
        point(map, &place, place.depth, *block + i);
    map->blocks += *granted;
    return 0;
}

int ext2_map_finish(struct ext2_map *map, struct error *error)
{
    return close_from(map, 1, error);
}
