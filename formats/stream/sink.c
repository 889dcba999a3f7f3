#include "formats/stream/sink.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/file.h"
#include "formats/base/memory.h"

enum { FD_SINK_BUFFER = 256 * 1024 };

struct fd_sink {
    struct sink sink;
    int fd;
    char *name;
    uint64_t *total;
    size_t held;
    char buffer[FD_SINK_BUFFER];
};

static int flush(struct fd_sink *self, struct error *error)
{
    size_t held = self->held;
    self->held = 0;
    return write_all(self->fd, self->buffer, held, self->name, error);
}

static int fd_sink_write(struct sink *sink, const void *bytes, size_t length, struct error *error)
{
    struct fd_sink *self = (struct fd_sink *)sink;
    if (self->total != NULL)
        *self->total += length;
    if (self->held + length > sizeof self->buffer && flush(self, error) < 0)
        return -1;
    if (length > sizeof self->buffer)
        return write_all(self->fd, bytes, length, self->name, error);
    memcpy(self->buffer + self->held, bytes, length);
    self->held += length;
    return 0;
}

static int fd_sink_finish(struct sink *sink, struct error *error)
{
    return flush((struct fd_sink *)sink, error);
}

static void fd_sink_free(struct sink *sink)
{
    struct fd_sink *self = (struct fd_sink *)sink;
    free(self->name);
    free(self);
}

struct sink *sink_to_fd(int fd, const char *name, uint64_t *total)
{
    struct fd_sink *self = xcalloc(1, sizeof *self);
    self->sink = (struct sink){fd_sink_write, fd_sink_finish, fd_sink_free};
    self->fd = fd;
    self->name = xstrdup(name);
    self->total = total;
    return &self->sink;
}
