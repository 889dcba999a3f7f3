/* The files of an image, numbered. */
#ifndef FORMATS_EXT2_PLAN_H
#define FORMATS_EXT2_PLAN_H

#include <stdint.h>

#include "formats/base/error.h"
#include "formats/ext2/format.h"
#include "formats/ext2/runs.h"
#include "formats/tree/inode_map.h"
#include "formats/tree/tree.h"

struct ext2_file {
    struct inode *inode;
    const char *name; /* the first that was met */
    uint32_t parent;  /* index of that name's directory */
    uint32_t links;
    struct ext2_runs runs; /* a regular file's, once it was read */
};

struct ext2_plan {
    struct inode *root;      /* held; the tree's, or a copy of it with a lost+found */
    struct ext2_file *files; /* breadth first; [0] is the root, [1] lost+found */
    uint32_t count;
    uint32_t capacity;
    struct inode_map *indexes; /* of each inode in files, + 1 */
};

/* Errors: a name that is too long, too many links, a lost+found that is not a directory. */
int ext2_plan_make(struct ext2_plan *plan, struct inode *root, struct error *error);
void ext2_plan_free(struct ext2_plan *plan);

/* The inode number of files[index]. */
static inline uint32_t ext2_number(uint32_t index)
{
    return index == 0 ? EXT2_ROOT_INO : EXT2_FIRST_FREE_INODE - 1 + index;
}

/* The index in files of an inode of the tree. */
static inline uint32_t ext2_index(const struct ext2_plan *plan, const struct inode *inode)
{
    return (uint32_t)(*inode_map_at(plan->indexes, inode) - 1);
}

/* The path of a file without a leading slash, for messages; owned by the caller. */
char *ext2_plan_path(const struct ext2_plan *plan, uint32_t index);

#endif
