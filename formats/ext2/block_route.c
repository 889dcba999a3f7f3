#include "formats/ext2/block_route.h"

bool ext2_route_to(uint64_t block, struct ext2_route *route)
{
    *route = (struct ext2_route){0};
    if (block < EXT2_NDIR_BLOCKS) {
        route->index[0] = (uint32_t)block;
        return true;
    }
    block -= EXT2_NDIR_BLOCKS;
    uint64_t reach = EXT2_POINTERS; /* blocks below the tree of this depth */
    for (unsigned depth = 1; depth <= EXT2_MAX_DEPTH; depth++, reach *= EXT2_POINTERS) {
        if (block >= reach) {
            block -= reach;
            continue;
        }
        route->depth = depth;
        route->index[0] = EXT2_NDIR_BLOCKS + depth - 1;
        for (unsigned level = depth; level > 0; level--, block /= EXT2_POINTERS)
            route->index[level] = (uint32_t)(block % EXT2_POINTERS);
        return true;
    }
    return false;
}

unsigned ext2_route_parts(const struct ext2_route *previous, const struct ext2_route *next)
{
    if (previous->depth != next->depth)
        return 1;
    unsigned level = 1;
    while (level <= next->depth && previous->index[level - 1] == next->index[level - 1])
        level++;
    return level;
}

uint32_t ext2_route_room(const struct ext2_route *route)
{
    uint32_t slots = route->depth == 0 ? EXT2_NDIR_BLOCKS : EXT2_POINTERS;
    return slots - route->index[route->depth];
}
