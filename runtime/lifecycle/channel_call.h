/*
 * One request to a guest's agent, over the control socket of its container (runtime/channel.h).
 *
 * The guest is hostile: it may answer nothing, never stop, or answer somebody else's request. So a call ends
 * by a deadline, after a number of bytes, at the first overlong frame, and hears only its own session.
 */
#ifndef RUNTIME_LIFECYCLE_CHANNEL_CALL_H
#define RUNTIME_LIFECYCLE_CHANNEL_CALL_H

#include <stdbool.h>

#include "formats/base/error.h"
#include "runtime/channel.h"

enum {
    CHANNEL_CALL_TIMEOUT = 5000,    /* milliseconds: of a loaded host; engines kill after 10 s */
    CHANNEL_CALL_BYTES = 256 << 10, /* that a guest may send until it has answered */
};

struct channel_call {
    int fd; /* -1: there is no call; owned */
    uint16_t session;
    int64_t deadline; /* clock_milliseconds() */
    size_t heard;     /* bytes */
    struct channel_reader reader;
};
#define CHANNEL_CALL_NONE ((struct channel_call){.fd = -1})

/* True if the container of this state directory has a control socket. */
bool channel_exists(int directory);

/* Sends a request that is answered by CHANNEL_DONE. Waits for nothing but other clients that queue. */
int channel_call_begin(int directory, enum channel_type type, const void *payload, uint32_t length,
                       struct channel_call *call, struct error *error);
/* Sends another one to the same deadline, after the answer to the last. */
int channel_call_repeat(struct channel_call *call, enum channel_type type, const void *payload,
                        uint32_t length, struct error *error);
int channel_call_signal(int directory, int signal, struct channel_call *call, struct error *error);
int channel_call_window(int directory, uint16_t rows, uint16_t columns, struct channel_call *call,
                        struct error *error);

enum channel_progress {
    CHANNEL_CALL_FAILED = -1, /* no answer in time, or none that is one */
    CHANNEL_CALL_PENDING = 0,
    CHANNEL_CALL_ANSWERED = 1, /* *number is 0 or the guest's errno */
};

/* Takes what has come, without waiting. */
enum channel_progress channel_call_progress(struct channel_call *call, uint32_t *number);
/* Milliseconds until the deadline, 0 at least, for poll(2). */
int channel_call_left(const struct channel_call *call);
/* Waits for the answer. */
enum channel_progress channel_call_wait(struct channel_call *call, uint32_t *number);
void channel_call_end(struct channel_call *call);
#define cleanup_channel_call __attribute__((cleanup(channel_call_end)))

#endif
