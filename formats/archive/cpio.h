/* Initrds: cpio archives in the "newc" format (Linux,
 * Documentation/driver-api/early-userspace/buffer-format.rst). */
#ifndef FORMATS_ARCHIVE_CPIO_H
#define FORMATS_ARCHIVE_CPIO_H

#include "formats/stream/sink.h"
#include "formats/tree/tree.h"

/*
 * Writes the tree as one newc archive: paths without a leading slash, parents first, byte order, the root as
 * "."; inode numbers count from 1; hard links share one and the last carries the data (as GNU cpio writes and
 * Linux reads); the trailer ends it and the archive is padded to 512 bytes. xattrs have no place in newc and
 * are left out. Does not finish the sink. Errors: a file of 4 GiB or more, a time outside of 32 bits, a path
 * over 4095 bytes; each names the path.
 */
int cpio_write(struct inode *root, struct sink *sink, struct error *error);

#endif
