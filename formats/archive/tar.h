/*
 * pax tar archives (POSIX.1-2017, pax, "pax Interchange Format"), as layers are made of.
 *
 * Written here and not by libarchive, because a layer's digest must not depend on the version of a library:
 * which names get an extended header, and what stands in it, is fixed by this file.
 */
#ifndef FORMATS_ARCHIVE_TAR_H
#define FORMATS_ARCHIVE_TAR_H

#include "formats/stream/sink.h"
#include "formats/tree/tree.h"

/*
 * Writes the tree as one archive: paths without a leading slash, directories with one at their end, parents
 * first, byte order; an inode's further names are hard links to the first; xattrs as SCHILY.xattr records.
 * Owners are numbers, times whole seconds. A record is used only where the ustar header has no room, or for
 * names that are not ASCII. Sockets have no place in tar and are left out. `with_root` adds an entry "./" for
 * the root. Does not finish the sink.
 */
int tar_write(struct inode *root, bool with_root, struct sink *sink, struct error *error);

#endif
