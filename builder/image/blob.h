/* The bytes of a blob: a range of an opened file, which may be a whole archive. */
#ifndef BUILDER_IMAGE_BLOB_H
#define BUILDER_IMAGE_BLOB_H

#include <stdint.h>
#include <sys/types.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

struct blob {
    int fd;
    uint64_t offset; /* bytes */
    uint64_t size;
};

/* Reads up to `length` bytes at `position` of the blob; 0 at its end, -1 where the file fails or became
 * shorter. */
ssize_t blob_read(const struct blob *blob, uint64_t position, void *bytes, size_t length,
                  struct error *error);

/* Reads it whole; more than `limit` bytes is an error. `name` stands in errors. */
int blob_read_all(const struct blob *blob, size_t limit, struct buffer *out, const char *name,
                  struct error *error);

#endif
