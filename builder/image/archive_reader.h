/* An image archive: a tar file, possibly compressed, whose members are read in place. */
#ifndef BUILDER_IMAGE_ARCHIVE_READER_H
#define BUILDER_IMAGE_ARCHIVE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "builder/image/blob.h"

struct archive_member {
    char *name; /* without "./" before it */
    char *link; /* of a symbolic or hard link: the member it stands for; NULL for a regular file */
    uint64_t offset;
    uint64_t size;
};

struct image_archive {
    int fd; /* uncompressed: the file itself, or an unnamed copy of what it holds */
    char *path;
    struct archive_member *members; /* sorted by name */
    size_t count;
};
#define IMAGE_ARCHIVE_NONE ((struct image_archive){.fd = -1})

/* Reads the member list. Errors: not a tar, more members than an image has use for. */
int image_archive_open(struct image_archive *archive, const char *path, struct error *error);
void image_archive_close(struct image_archive *archive);
#define cleanup_image_archive __attribute__((cleanup(image_archive_close)))

/* Finds a member, through links within the archive; false where there is none. The blob borrows the
 * descriptor. */
bool image_archive_find(const struct image_archive *archive, const char *name, struct blob *blob);

#endif
