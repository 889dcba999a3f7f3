/* The block map of one file in the making: i_block, and the indirect blocks. */
#ifndef FORMATS_EXT2_BLOCK_MAP_H
#define FORMATS_EXT2_BLOCK_MAP_H

#include "formats/ext2/block_route.h"
#include "formats/ext2/block_writer.h"

/* Blocks come in ascending order. */
struct ext2_map {
    struct ext2_block_writer *writer; /* borrowed */
    uint32_t i_block[EXT2_N_BLOCKS];
    uint32_t blocks; /* used by data and indirect blocks */
    struct ext2_route route;
    struct {
        uint32_t block;
        uint32_t pointers[EXT2_POINTERS]; /* little-endian, as stored */
    } open[EXT2_MAX_DEPTH + 1];           /* the indirect blocks on the route; [0] is not used */
};

void ext2_map_init(struct ext2_map *map, struct ext2_block_writer *writer);
/* Gives the file's block `logical` and up to count - 1 that follow their places in the image, in one piece.
 */
int ext2_map_add(struct ext2_map *map, uint32_t logical, uint32_t count, uint32_t *block, uint32_t *granted,
                 struct error *error);
/* Writes the indirect blocks that are still open. */
int ext2_map_finish(struct ext2_map *map, struct error *error);

#endif
