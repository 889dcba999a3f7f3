/* Counting the blocks that the files of an image take. */
#ifndef FORMATS_EXT2_MEASURE_H
#define FORMATS_EXT2_MEASURE_H

#include "formats/ext2/plan.h"

/*
 * Counts the blocks that all of it takes beyond superblocks, descriptors, bitmaps and inode tables: at most,
 * since small files are taken to be full until they are written. Large files are read for their runs, which
 * stay in the plan.
 */
int ext2_measure(struct ext2_plan *plan, uint64_t *blocks, struct error *error);

#endif
