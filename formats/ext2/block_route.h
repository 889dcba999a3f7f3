/* A file's block is found through its number: directly in the inode, or behind one to three indirect blocks.
 */
#ifndef FORMATS_EXT2_BLOCK_ROUTE_H
#define FORMATS_EXT2_BLOCK_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "formats/ext2/format.h"

struct ext2_route {
    unsigned depth;                     /* indirect blocks on the way */
    uint32_t index[EXT2_MAX_DEPTH + 1]; /* in i_block, then in each indirect block */
};

/* False where the block lies beyond what ext2 can address. */
bool ext2_route_to(uint64_t block, struct ext2_route *route);
/* The first indirect block (1 to depth) on the way to `next` that is not on the way to `previous`; depth + 1
 * where all are. */
unsigned ext2_route_parts(const struct ext2_route *previous, const struct ext2_route *next);
/* Blocks that follow this one in the same indirect block (or directly in the inode), and this one. */
uint32_t ext2_route_room(const struct ext2_route *route);

#endif
