#include "runtime/init/program/stream.h"

#include <errno.h>
#include <unistd.h>

/* A port gives one of its driver's buffers at a time, 4 KiB: reading on until there is no more saves the
 * sink's reader wake-ups. False: the source has nothing now. */
static bool fill(struct stream *stream)
{
    while (!stream->ended && stream->end < STREAM_SIZE) {
        ssize_t got = read(stream->from, stream->bytes + stream->end, STREAM_SIZE - stream->end);
        if (got > 0)
            stream->end += (size_t)got;
        else if (got < 0 && errno == EAGAIN)
            return false;
        else if (got == 0 || errno != EINTR)
            stream->ended = true; /* EIO: the last process has closed the terminal */
    }
    return true;
}

/* False: the sink takes no more now. */
static bool empty(struct stream *stream)
{
    while (stream->start < stream->end) {
        ssize_t put = write(stream->to, stream->bytes + stream->start, stream->end - stream->start);
        if (put > 0) {
            stream->start += (size_t)put;
        } else if (put < 0 && errno == EAGAIN) {
            return false;
        } else if (put < 0 && errno != EINTR) {
            stream->ended = true; /* nobody reads it: what is left has no use */
            stream->start = stream->end;
        }
    }
    stream->start = stream->end = 0;
    return true;
}

enum stream_state stream_move(struct stream *stream)
{
    bool more = fill(stream);
    if (!empty(stream))
        return STREAM_BLOCKED;
    if (stream->ended)
        return STREAM_ENDED;
    return more ? STREAM_BUSY : STREAM_WAITING;
}
