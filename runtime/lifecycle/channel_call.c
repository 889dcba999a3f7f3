#include "runtime/lifecycle/channel_call.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "runtime/lifecycle/state.h"

enum { CROWD_PAUSE = 2 * 1000 * 1000 }; /* nanoseconds */

bool channel_exists(int directory)
{
    return faccessat(directory, CHANNEL_SOCKET, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Not 0, which is of events. One that an earlier client chose would hear that client's answers. */
static uint16_t choose_session(void)
{
    uint16_t session = 0;
    while (session == 0)
        if (getrandom(&session, sizeof session, 0) < 0)
            session = (uint16_t)(clock_milliseconds() | 1);
    return session;
}

int channel_call_repeat(struct channel_call *call, enum channel_type type, const void *payload,
                        uint32_t length, struct error *error)
{
    uint8_t frame[CHANNEL_FRAME_MAX];
    call->session = choose_session();
    size_t size = channel_write(frame, type, call->session, payload, length);
    /* A frame is far smaller than a socket's buffer. */
    if (send(call->fd, frame, size, MSG_NOSIGNAL) == (ssize_t)size)
        return 0;
    error_errno(error, errno, CHANNEL_SOCKET);
    channel_call_end(call);
    return -1;
}

int channel_call_begin(int directory, enum channel_type type, const void *payload, uint32_t length,
                       struct channel_call *call, struct error *error)
{
    *call = CHANNEL_CALL_NONE;
    call->deadline = clock_milliseconds() + CHANNEL_CALL_TIMEOUT;
    const struct timespec pause = {.tv_nsec = CROWD_PAUSE};
    for (;;) {
        call->fd = state_connect(directory, CHANNEL_SOCKET, SOCK_STREAM | SOCK_NONBLOCK, error);
        if (call->fd >= 0)
            return channel_call_repeat(call, type, payload, length, error);
        if (error->number != EAGAIN || channel_call_left(call) == 0)
            return -1;
        error_clear(error);
        nanosleep(&pause, NULL); /* QEMU lets two clients queue, whatever the socket's own backlog */
    }
}

int channel_call_signal(int directory, int signal, struct channel_call *call, struct error *error)
{
    uint8_t payload[4];
    channel_put32(payload, (uint32_t)signal);
    return channel_call_begin(directory, CHANNEL_SIGNAL, payload, sizeof payload, call, error);
}

int channel_call_window(int directory, uint16_t rows, uint16_t columns, struct channel_call *call,
                        struct error *error)
{
    uint8_t payload[4];
    channel_put16(payload, rows);
    channel_put16(payload + 2, columns);
    return channel_call_begin(directory, CHANNEL_WINDOW, payload, sizeof payload, call, error);
}

static enum channel_progress take_bytes(struct channel_call *call, const uint8_t *bytes, size_t size,
                                        uint32_t *number)
{
    struct channel_frame frame;
    while (size > 0) {
        enum channel_result result = channel_read(&call->reader, &bytes, &size, &frame);
        if (result == CHANNEL_OVERLONG)
            return CHANNEL_CALL_FAILED;
        if (result != CHANNEL_FRAME || frame.type != CHANNEL_DONE || frame.session != call->session)
            continue;
        if (frame.length != sizeof *number)
            return CHANNEL_CALL_FAILED;
        *number = channel_get32(frame.payload);
        return CHANNEL_CALL_ANSWERED;
    }
    return CHANNEL_CALL_PENDING;
}

enum channel_progress channel_call_progress(struct channel_call *call, uint32_t *number)
{
    uint8_t bytes[CHANNEL_FRAME_MAX];
    while (call->heard < CHANNEL_CALL_BYTES) {
        ssize_t got = recv(call->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return channel_call_left(call) > 0 ? CHANNEL_CALL_PENDING : CHANNEL_CALL_FAILED;
        if (got <= 0)
            return CHANNEL_CALL_FAILED;
        call->heard += (size_t)got;
        enum channel_progress progress = take_bytes(call, bytes, (size_t)got, number);
        if (progress != CHANNEL_CALL_PENDING)
            return progress;
    }
    return CHANNEL_CALL_FAILED;
}

int channel_call_left(const struct channel_call *call)
{
    int64_t left = call->deadline - clock_milliseconds();
    return left > 0 ? (int)left : 0;
}

enum channel_progress channel_call_wait(struct channel_call *call, uint32_t *number)
{
    enum channel_progress progress;
    while ((progress = channel_call_progress(call, number)) == CHANNEL_CALL_PENDING) {
        struct pollfd readable = {.fd = call->fd, .events = POLLIN};
        poll(&readable, 1, channel_call_left(call));
    }
    return progress;
}

void channel_call_end(struct channel_call *call)
{
    if (call->fd >= 0)
        close(take_fd(call->fd));
}
