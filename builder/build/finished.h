/* Files that already are what INITRD or BLOCK would make of a tree. */
#ifndef BUILDER_BUILD_FINISHED_H
#define BUILDER_BUILD_FINISHED_H

#include "formats/base/error.h"
#include "formats/tree/tree.h"

/* Checks that the file is a cpio archive, plain or compressed in a way that Linux can unpack (Linux,
 * driver-api/early-userspace/buffer-format.rst). `source` stands in the error. */
int finished_check_initrd(const struct inode *file, const char *source, struct error *error);

/* Checks that the file is an ext2, ext3 or ext4 filesystem, by its magic number. */
int finished_check_block(const struct inode *file, const char *source, struct error *error);

#endif
