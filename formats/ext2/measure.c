#include "formats/ext2/measure.h"

#include <inttypes.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/ext2/block_route.h"
#include "formats/ext2/directory.h"

/* Data blocks of the runs, and the indirect blocks that lead to them. */
static uint64_t blocks_of_runs(const struct ext2_run *runs, uint32_t count)
{
    uint64_t blocks = 0;
    struct ext2_route previous = {0};
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t done = 0; done < runs[i].count;) {
            struct ext2_route route;
            ext2_route_to((uint64_t)runs[i].first + done, &route); /* find_runs saw that it can */
            blocks += route.depth + 1 - ext2_route_parts(&previous, &route);
            uint32_t room = ext2_route_room(&route), left = runs[i].count - done;
            done += left < room ? left : room;
            previous = route;
        }
        blocks += runs[i].count;
    }
    return blocks;
}

/* The runs of a file, or of one that is not read yet the most that it can have. */
static uint64_t blocks_of_regular(const struct ext2_file *file)
{
    uint64_t size = file->inode->content != NULL ? content_size(file->inode->content) : 0;
    if (size > EXT2_SMALL)
        return blocks_of_runs(file->runs.items, file->runs.count);
    const struct ext2_run whole = {0, (uint32_t)((size + EXT2_BLOCK - 1) / EXT2_BLOCK)};
    return blocks_of_runs(&whole, 1);
}

/* At most: small xattrs fit into the inode, and small files may turn out to have holes. */
static uint64_t blocks_of(const struct ext2_file *file)
{
    const struct inode *inode = file->inode;
    uint64_t blocks = inode->xattr_count > 0;
    if (S_ISREG(inode->mode))
        return blocks + blocks_of_regular(file);
    if (S_ISLNK(inode->mode))
        return blocks + (strlen(inode->target) >= EXT2_INLINE_TARGET);
    if (S_ISDIR(inode->mode))
        return blocks + blocks_of_runs(&(struct ext2_run){0, ext2_directory_blocks(inode)}, 1);
    return blocks;
}

static int find_runs(struct ext2_file *file, char *buffer, struct error *error)
{
    const struct content *content = file->inode->content;
    uint64_t size = content != NULL ? content_size(content) : 0;
    struct ext2_route route;
    if (size <= EXT2_SMALL)
        return 0;
    if (!ext2_route_to((size - 1) / EXT2_BLOCK, &route))
        return error_set(error, "%s: %" PRIu64 " bytes are more than a file in ext2 can have",
                         content_name(content), size);
    return ext2_runs_of_content(&file->runs, content, buffer, error);
}

int ext2_measure(struct ext2_plan *plan, uint64_t *blocks, struct error *error)
{
    cleanup_free char *buffer = xreallocarray(NULL, 1, EXT2_SMALL);
    *blocks = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        struct ext2_file *file = &plan->files[i];
        if (S_ISREG(file->inode->mode) && find_runs(file, buffer, error) < 0)
            return -1;
        *blocks += blocks_of(file);
    }
    return 0;
}
