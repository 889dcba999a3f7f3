/* Direct, single, double and triple indirect blocks: where a file's block number is kept. */
#include "formats/ext2/internal.h"

bool ext2_place_of(uint64_t block, struct ext2_place *place)
{
    *place = (struct ext2_place){0};
    if (block < EXT2_NDIR_BLOCKS) {
        place->index[0] = (uint32_t)block;
        return true;
    }
    block -= EXT2_NDIR_BLOCKS;
    uint64_t reach = EXT2_POINTERS; /* blocks below the tree of this depth */
    for (unsigned depth = 1; depth <= EXT2_MAX_DEPTH; depth++, reach *= EXT2_POINTERS) {
        if (block >= reach) {
            block -= reach;
            continue;
        }
        place->depth = depth;
        place->index[0] = EXT2_NDIR_BLOCKS + depth - 1;
        for (unsigned level = depth; level > 0; level--, block /= EXT2_POINTERS)
            place->index[level] = (uint32_t)(block % EXT2_POINTERS);
        return true;
    }
    return false;
}

unsigned ext2_place_parts(const struct ext2_place *previous, const struct ext2_place *next)
{
    if (previous->depth != next->depth)
        return 1;
    unsigned level = 1;
    while (level <= next->depth && previous->index[level - 1] == next->index[level - 1])
        level++;
    return level;
}

uint32_t ext2_place_room(const struct ext2_place *place)
{
    uint32_t slots = place->depth == 0 ? EXT2_NDIR_BLOCKS : EXT2_POINTERS;
    return slots - place->index[place->depth];
}
