/* ext2 filesystem images of a tree, through libext2fs: no mount, no loop device, no root. */
#ifndef FORMATS_EXT2_EXT2_H
#define FORMATS_EXT2_EXT2_H

#include "formats/ext2/ext2_options.h"
#include "formats/tree/tree.h"

/*
 * Writes a plain ext2 filesystem (rev 1; filetype, sparse_super, large_file, ext_attr; no journal, no
 * extents, no dir_index: Rumprun, Unikraft and old kernels read it) into an empty file opened for reading and
 * writing. Holes stay holes. UUID and hash seed derive from the tree and the options, so the same tree gives
 * the same bytes. With size 0 and size_is_extra false the size fits the content and leaves a sixteenth, at
 * least 1 MiB, free.
 *
 * Blocks of 4096 bytes, inodes of 256, a spare inode for each 16 KiB that are free, no reserved blocks.
 * Blocks that are all zeros become holes, whatever the files' own filesystem does: the image depends on
 * content alone. Files over 256 KiB are read twice (for their holes, and to be written), smaller ones once.
 * Does not sync.
 *
 * Errors: content that does not fit the size (says what it needs), a name over 255 bytes.
 */
int ext2_write(struct inode *root, int fd, const char *name, const struct ext2_options *options,
               struct error *error);

#endif
