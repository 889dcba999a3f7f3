#include "builder/image/blob.h"

#include <errno.h>
#include <unistd.h>

ssize_t blob_read(const struct blob *blob, uint64_t position, void *bytes, size_t length, struct error *error)
{
    if (position >= blob->size)
        return 0;
    if (length > blob->size - position)
        length = (size_t)(blob->size - position);
    ssize_t got;
    do
        got = pread(blob->fd, bytes, length, (off_t)(blob->offset + position));
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_errno(error, errno, "read");
    if (got == 0 && length > 0)
        return error_set(error, "the file became shorter");
    return got;
}

int blob_read_all(const struct blob *blob, size_t limit, struct buffer *out, const char *name,
                  struct error *error)
{
    if (blob->size > limit)
        return error_set(error, "%s: larger than %zu bytes", name, limit);
    char chunk[16384];
    for (uint64_t position = 0; position < blob->size;) {
        ssize_t got = blob_read(blob, position, chunk, sizeof chunk, error);
        if (got < 0)
            return error_prefix(error, "%s", name);
        buffer_add(out, chunk, (size_t)got);
        position += (uint64_t)got;
    }
    buffer_add(out, "", 0);
    return 0;
}
