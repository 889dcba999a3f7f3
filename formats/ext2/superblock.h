/* Superblock, group descriptors and bitmaps, through libext2fs: laying an image out, and closing it. */
#ifndef FORMATS_EXT2_SUPERBLOCK_H
#define FORMATS_EXT2_SUPERBLOCK_H

#include <ext2fs/ext2fs.h>

#include "formats/base/error.h"
#include "formats/ext2/ext2_options.h"
#include "formats/ext2/geometry.h"

/* An image file and libext2fs's handle of it. */
struct ext2_filesystem {
    int fd;           /* borrowed */
    const char *name; /* for messages; borrowed */
    const struct ext2_options *options;
    ext2_filsys fs; /* NULL before it is made and after it is closed */
};

/* Checks the file, which must be empty, and what of the options has to fit into a superblock. */
int ext2_filesystem_check(const struct ext2_filesystem *filesystem, struct error *error);
/* Lays out a filesystem without any inode but the reserved ones. */
int ext2_filesystem_make(struct ext2_filesystem *filesystem, const struct ext2_geometry *geometry,
                         struct error *error);
/* Writes superblocks, descriptors and bitmaps. Does not sync: whoever gives the file its name does. */
int ext2_filesystem_close(struct ext2_filesystem *filesystem, struct error *error);
void ext2_filesystem_free(struct ext2_filesystem *filesystem);

/* Sets the error to a code of libext2fs; returns -1. */
int ext2_failed(const char *name, const char *what, errcode_t code, struct error *error);

#endif
