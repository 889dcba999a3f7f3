/* The number of blocks and inodes that an image gets. */
#ifndef FORMATS_EXT2_GEOMETRY_H
#define FORMATS_EXT2_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "formats/base/error.h"
#include "formats/ext2/ext2_options.h"

struct ext2_geometry {
    uint32_t blocks;
    uint32_t inodes;
};

/* The least that the content needs. */
struct ext2_need {
    uint64_t blocks; /* beyond superblocks, descriptors, bitmaps and inode tables */
    uint32_t inodes; /* the reserved ones included */
};

int ext2_geometry_choose(const struct ext2_need *need, const struct ext2_options *options, const char *name,
                         struct ext2_geometry *geometry, struct error *error);

/* True if the group has a copy of the superblock and of the descriptors (sparse_super). */
bool ext2_group_has_super(uint32_t group);

#endif
