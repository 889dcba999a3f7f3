/* Extended attributes, through libext2fs: in the inode where they fit, else in a block of their own. */
#ifndef FORMATS_EXT2_XATTRS_H
#define FORMATS_EXT2_XATTRS_H

#include "formats/ext2/plan.h"
#include "formats/ext2/superblock.h"

/* The inodes are written. */
int ext2_xattrs_write(struct ext2_filesystem *filesystem, const struct ext2_plan *plan, struct error *error);

#endif
