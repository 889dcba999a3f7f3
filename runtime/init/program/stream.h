/* One direction of the program's standard input or output, on its way through this process. */
#ifndef RUNTIME_INIT_STREAM_H
#define RUNTIME_INIT_STREAM_H

#include <stdbool.h>
#include <stddef.h>

enum { STREAM_SIZE = 128 * 1024 };

/* Both descriptors are non-blocking and not owned. */
struct stream {
    int from;
    int to;
    bool ended;   /* the source has, or the sink takes no more */
    size_t start; /* bytes[start..end) were read and not yet written */
    size_t end;
    char bytes[STREAM_SIZE];
};

enum stream_state {
    STREAM_BUSY,    /* there may be more at once */
    STREAM_WAITING, /* for bytes; all that came was written */
    STREAM_BLOCKED, /* until the sink takes more */
    STREAM_ENDED,   /* all that came was written, or cannot be any more */
};

/* Moves what can be moved, a bounded amount. */
enum stream_state stream_move(struct stream *stream);

#endif
