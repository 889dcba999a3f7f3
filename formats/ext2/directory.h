/* Directory blocks. */
#ifndef FORMATS_EXT2_DIRECTORY_H
#define FORMATS_EXT2_DIRECTORY_H

#include "formats/ext2/block_map.h"
#include "formats/ext2/plan.h"

/* The number of blocks that a directory takes. */
uint32_t ext2_directory_blocks(const struct inode *directory);
/* Writes the blocks of the directory files[index] and finishes its map. */
int ext2_directory_write(const struct ext2_plan *plan, uint32_t index, struct ext2_map *map,
                         struct error *error);

#endif
