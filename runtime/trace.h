/*
 * What took how long from `create` to the guest's first output: one file for each container, where the
 * operator wants it (docs/urunc-config.5, "trace").
 *
 * The file is a JSON array of Chrome's trace events, one a line, which Perfetto and chrome://tracing load as
 * it is: the format lets the closing bracket out, because several processes add to the file. Each event is
 * one write(2), with O_APPEND. Times are of the monotonic clock.
 */
#ifndef RUNTIME_TRACE_H
#define RUNTIME_TRACE_H

#include <stdint.h>

#include "formats/base/error.h"

/* Who does something; in the file, a thread. */
enum trace_actor {
    TRACE_CREATE = 1,
    TRACE_PROCESS = 2, /* the container's process, until it executes the monitor */
    TRACE_START = 3,
    TRACE_MONITOR = 4,
    TRACE_DELETE = 5,
    TRACE_ACTORS = 5,
};

extern const char *const trace_actors[TRACE_ACTORS + 1];

struct trace {
    int fd; /* owned; -1: nothing is traced, and each call below costs a comparison */
    enum trace_actor actor;
};
#define TRACE_OFF ((struct trace){.fd = -1})

/* The file of the container with that ID in the directory; owned by the caller. */
char *trace_path(const char *directory, const char *id);

/* Makes the file anew, readable by its owner alone, and its directory where that is missing. Another user's
 * directory is refused. */
int trace_create(const char *path, struct trace *trace, struct error *error);
/* Opens the file that `create` has made; NULL, or one that cannot be opened, is no trace. */
void trace_open(const char *path, enum trace_actor actor, struct trace *trace);
void trace_close(struct trace *trace);
#define cleanup_trace __attribute__((cleanup(trace_close)))

/* Nanoseconds. */
uint64_t trace_now(void);

/* Something that lasted from `start` until now, and something that happened now. Names are ours: they are
 * written as they are. */
void trace_lasted(const struct trace *trace, const char *name, uint64_t start);
void trace_happened(const struct trace *trace, const char *name);

struct trace_span {
    const struct trace *trace;
    const char *name;
    uint64_t start;
};

static inline struct trace_span trace_begin(const struct trace *trace, const char *name)
{
    return (struct trace_span){trace, name, trace->fd >= 0 ? trace_now() : 0};
}

static inline void trace_end(const struct trace_span *span)
{
    if (span->trace->fd >= 0)
        trace_lasted(span->trace, span->name, span->start);
}

/* Traces the rest of the block. */
#define TRACE_BLOCK(trace, name)                                                                             \
    __attribute__((cleanup(trace_end), unused)) const struct trace_span trace_block = trace_begin(trace, name)

#endif
