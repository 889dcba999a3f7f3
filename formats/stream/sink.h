/* A sink takes bytes: digest, compressor, file. Each hands on to the next, so sinks make a chain. */
#ifndef FORMATS_STREAM_SINK_H
#define FORMATS_STREAM_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "formats/base/error.h"

/* Implementations embed this as their first member. */
struct sink {
    /* Takes `length` bytes. */
    int (*write)(struct sink *sink, const void *bytes, size_t length, struct error *error);
    /* No more bytes come: flushes what is held back into the next sink and finishes that too. Called once. */
    int (*finish)(struct sink *sink, struct error *error);
    /* Releases the sink itself, not the next one; may come without finish, after an error. */
    void (*free)(struct sink *sink);
};

static inline int sink_write(struct sink *sink, const void *bytes, size_t length, struct error *error)
{
    return sink->write(sink, bytes, length, error);
}

static inline int sink_finish(struct sink *sink, struct error *error)
{
    return sink->finish(sink, error);
}

static inline void sink_free(struct sink **sink)
{
    if (*sink != NULL)
        (*sink)->free(*sink);
    *sink = NULL;
}
#define cleanup_sink __attribute__((cleanup(sink_free)))

/* Writes to a descriptor (borrowed) in large pieces. `name` (copied) stands in errors. Its byte count so far
 * is in *total where total is not NULL. finish does not sync. */
struct sink *sink_to_fd(int fd, const char *name, uint64_t *total);

#endif
