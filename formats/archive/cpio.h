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

/* The same as a continuation of an archive that was cut before its trailer, or as one that stands behind
 * another: without the root, and without directories for which `present` (NULL: none) has a directory or a
 * symlink, so that theirs stay as they are. */
int cpio_write_addition(struct inode *root, const struct inode *present, struct sink *sink,
                        struct error *error);

enum cpio_kind {
    CPIO_SINGLE, /* one uncompressed newc archive, and nothing behind it but zeros */
    CPIO_OTHER,  /* anything else: compressed, several archives, damaged */
};

/*
 * Looks an initrd through that nobody vouches for. For CPIO_SINGLE *end gets where its trailer begins (its
 * bytes, where it has none), and `present`, a directory, gets the directories and symlinks that it makes. An
 * error is one of reading.
 */
int cpio_scan(int fd, enum cpio_kind *kind, uint64_t *end, struct inode *present, struct error *error);

/* Writes a CPIO_SINGLE archive up to its trailer, without the members in whose place `replacing` has
 * something else than a directory: some readers do not replace a file by a later one of its name. */
int cpio_copy_rest(int fd, const struct inode *replacing, struct sink *sink, struct error *error);

#endif
