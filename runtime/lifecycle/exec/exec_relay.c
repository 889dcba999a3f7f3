#include "runtime/lifecycle/exec/exec_relay.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "formats/base/clock.h"

enum {
    START_TIMEOUT = 60 * 1000, /* milliseconds: the guest reads the program from its disk */
    STATUS_KILLED = 128 + SIGKILL,
    SEND_MAX = 128 << 10, /* bytes that wait for the port: input is read no further */
};

/* These are for this process itself. */
static const int own_signals[] = {SIGCHLD, SIGPIPE, SIGTTIN, SIGTTOU, SIGTSTP, SIGSEGV,
                                  SIGBUS,  SIGILL,  SIGFPE,  SIGTRAP, SIGSYS};

static int open_signals(struct error *error)
{
    sigset_t set;
    sigfillset(&set);
    for (size_t i = 0; i < sizeof own_signals / sizeof *own_signals; i++)
        sigdelset(&set, own_signals[i]);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return error_errno(error, errno, "cannot block signals");
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd >= 0 ? fd : error_errno(error, errno, "signalfd");
}

int exec_relay_init(struct exec_relay *relay, int port, bool terminal, struct error *error)
{
    memset(relay, 0, sizeof *relay);
    relay->port = port;
    relay->terminal = terminal;
    relay->input_open = true;
    relay->may_send = CHANNEL_INPUT_WINDOW;
    relay->output[0].fd = STDOUT_FILENO;
    relay->output[1].fd = STDERR_FILENO;
    relay->signals = open_signals(error);
    return relay->signals < 0 ? -1 : 0;
}

void exec_relay_free(struct exec_relay *relay)
{
    if (relay->signals >= 0)
        close(relay->signals);
    relay->signals = -1;
    buffer_free(&relay->send);
}

/* ---- to the guest ---- */

static void add_frame(struct exec_relay *relay, enum channel_type type, const void *payload, size_t length)
{
    uint8_t frame[CHANNEL_FRAME_MAX];
    size_t size = channel_write(frame, type, 0, payload, (uint32_t)length);
    buffer_add(&relay->send, frame, size);
}

static void add_signal(struct exec_relay *relay, uint32_t number)
{
    uint8_t payload[4];
    channel_put32(payload, number);
    add_frame(relay, CHANNEL_SIGNAL, payload, sizeof payload);
}

static void add_window(struct exec_relay *relay)
{
    struct winsize size;
    uint8_t payload[4];
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0)
        return;
    channel_put16(payload, size.ws_row);
    channel_put16(payload + 2, size.ws_col);
    add_frame(relay, CHANNEL_WINDOW, payload, sizeof payload);
}

static bool has_to_send(const struct exec_relay *relay)
{
    return relay->sent < relay->send.length;
}

/* That the port is closed is seen by reading. What waits for it then would keep poll(2) from waiting. */
static void send_frames(struct exec_relay *relay)
{
    while (has_to_send(relay)) {
        ssize_t put = write(relay->port, relay->send.data + relay->sent, relay->send.length - relay->sent);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            return;
        if (put <= 0)
            break;
        relay->sent += (size_t)put;
    }
    relay->send.length = relay->sent = 0;
}

static void take_signals(struct exec_relay *relay)
{
    struct signalfd_siginfo info;
    while (read(relay->signals, &info, sizeof info) == (ssize_t)sizeof info)
        if (info.ssi_signo == SIGWINCH && relay->terminal)
            add_window(relay);
        else
            add_signal(relay, info.ssi_signo);
}

static bool wants_input(const struct exec_relay *relay)
{
    return relay->started && relay->input_open && relay->may_send > 0 && relay->send.length < SEND_MAX;
}

static void take_input(struct exec_relay *relay)
{
    uint8_t bytes[CHANNEL_PAYLOAD_MAX];
    size_t size = relay->may_send < sizeof bytes ? relay->may_send : sizeof bytes;
    ssize_t got = read(STDIN_FILENO, bytes, size);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    relay->input_open = got > 0;
    relay->may_send -= got > 0 ? (uint32_t)got : 0;
    add_frame(relay, CHANNEL_INPUT, bytes, got > 0 ? (size_t)got : 0);
}

/* ---- from the guest ---- */

static int broken(struct error *error)
{
    return error_set(error,
                     "the guest's agent breaks the protocol of runtime/channel.h: the program is given up");
}

static int take_output(struct exec_relay *relay, const struct channel_frame *frame)
{
    struct exec_output *output = &relay->output[frame->type == CHANNEL_ERROR];
    if (output->fd < 0)
        return 0;
    memcpy(output->bytes, frame->payload, frame->length);
    output->start = 0;
    output->end = frame->length;
    return 0;
}

static int take_frame(struct exec_relay *relay, const struct channel_frame *frame, struct error *error)
{
    bool has_number = frame->length == 4;
    uint32_t number = has_number ? channel_get32(frame->payload) : 0;
    switch (frame->type) {
    case CHANNEL_OUTPUT:
    case CHANNEL_ERROR:
        return take_output(relay, frame);
    case CHANNEL_TAKEN:
        if (!has_number || number > CHANNEL_INPUT_WINDOW - relay->may_send)
            return broken(error);
        relay->may_send += number;
        return 0;
    case CHANNEL_EXITED:
        if (!has_number || number > UINT8_MAX)
            return broken(error);
        relay->ended = true;
        relay->status = number;
        return 0;
    default:
        return 0;
    }
}

static bool has_output(const struct exec_relay *relay)
{
    return relay->output[0].start < relay->output[0].end || relay->output[1].start < relay->output[1].end;
}

/* The next frame that has come. 1: `frame` is one; 0: there is none; -1. */
static int next_frame(struct exec_relay *relay, struct channel_frame *frame, struct error *error)
{
    while (relay->heard_start < relay->heard_end) {
        const uint8_t *bytes = relay->heard + relay->heard_start;
        size_t left = relay->heard_end - relay->heard_start;
        enum channel_result result = channel_read(&relay->reader, &bytes, &left, frame);
        relay->heard_start = relay->heard_end - left;
        if (result == CHANNEL_OVERLONG)
            return broken(error);
        if (result == CHANNEL_FRAME)
            return 1;
    }
    return 0;
}

/* Reads what has come. 1: there may be something; 0: there is nothing now; -1: the guest has closed the port.
 */
static int hear(struct exec_relay *relay)
{
    ssize_t got = read(relay->port, relay->heard, sizeof relay->heard);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    relay->heard_start = 0;
    relay->heard_end = got > 0 ? (size_t)got : 0;
    return got > 0 ? 1 : -1;
}

/* ---- starting ---- */

static int refuse(const struct channel_frame *frame, const char *program, const char *directory,
                  struct error *error)
{
    static const char prefix[] = "exec failed: unable to start container process";
    if (frame->length != 5)
        return broken(error);
    int number = (int)(channel_get32(frame->payload) & 0xfff);
    switch ((enum channel_step)frame->payload[4]) {
    case CHANNEL_STEP_PROGRAM:
        if (number == ENOENT && strchr(program, '/') == NULL)
            return error_numbered(error, number, "%s: exec: \"%s\": executable file not found in $PATH",
                                  prefix, program);
        /* As Go has it, where engines look for it: in small letters. */
        return error_numbered(error, number, "%s: exec: \"%s\": %s", prefix, program,
                              number == ENOENT   ? "no such file or directory"
                              : number == EACCES ? "permission denied"
                                                 : strerror(number));
    case CHANNEL_STEP_DIRECTORY:
        return error_errno(error, number, "%s: cannot enter %s", prefix, directory);
    case CHANNEL_STEP_LIMITS:
        return error_errno(error, number, "%s: process.rlimits: the guest's kernel refuses one", prefix);
    case CHANNEL_STEP_USER:
        return error_errno(error, number, "%s: cannot become its user", prefix);
    case CHANNEL_STEP_PROCESS:
        return error_errno(error, number, "%s: the guest cannot make a process", prefix);
    case CHANNEL_STEP_REQUEST:
    default:
        return error_errno(error, number, "%s: the guest refuses the request", prefix);
    }
}

static int take_started(struct exec_relay *relay, const char *program, const char *directory,
                        struct error *error)
{
    struct channel_frame frame;
    int found;
    while (!relay->started && (found = next_frame(relay, &frame, error)) != 0) {
        if (found < 0)
            return -1;
        if (frame.type != CHANNEL_STARTED)
            continue;
        if (frame.length != 5 || channel_get32(frame.payload) != 0)
            return refuse(&frame, program, directory, error);
        relay->started = true;
    }
    return 0;
}

static int wait_for_start(struct exec_relay *relay, int64_t deadline, struct error *error)
{
    struct pollfd fds[] = {
        {.fd = relay->port, .events = (short)(POLLIN | (has_to_send(relay) ? POLLOUT : 0))},
        {.fd = relay->signals, .events = POLLIN},
    };
    int64_t left = deadline - clock_milliseconds();
    if (left <= 0)
        return error_set(error, "the guest did not start the program within %d seconds",
                         START_TIMEOUT / 1000);
    if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
        return error_errno(error, errno, "poll");
    if (fds[1].revents != 0)
        take_signals(relay);
    send_frames(relay);
    if (fds[0].revents != 0 && hear(relay) < 0)
        return error_set(error, "container not running: the guest ended before the program started");
    return 0;
}

int exec_relay_start(struct exec_relay *relay, const struct buffer *items, const char *program,
                     const char *directory, struct error *error)
{
    int64_t deadline = clock_milliseconds() + START_TIMEOUT;
    for (size_t at = 0; at < items->length; at += CHANNEL_PAYLOAD_MAX) {
        size_t left = items->length - at;
        add_frame(relay, CHANNEL_REQUEST, items->data + at,
                  left < CHANNEL_PAYLOAD_MAX ? left : CHANNEL_PAYLOAD_MAX);
    }
    add_frame(relay, CHANNEL_START, NULL, 0);
    while (!relay->started)
        if (wait_for_start(relay, deadline, error) < 0 || take_started(relay, program, directory, error) < 0)
            return -1;
    if (relay->terminal)
        add_window(relay); /* it may have changed meanwhile */
    return 0;
}

/* ---- running ---- */

/* Whoever closed the other end of a pipe would have ended the program by SIGPIPE. */
static void write_output(struct exec_relay *relay, struct exec_output *output)
{
    ssize_t put = write(output->fd, output->bytes + output->start, output->end - output->start);
    if (put < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (put < 0) {
        add_signal(relay, SIGPIPE);
        output->fd = -1;
        output->start = output->end;
        return;
    }
    output->start += (size_t)put;
}

/* Takes frames until one is output that waits. */
static int take_frames(struct exec_relay *relay, struct error *error)
{
    struct channel_frame frame;
    int found = 0;
    while (!has_output(relay) && !relay->ended && (found = next_frame(relay, &frame, error)) > 0)
        if (take_frame(relay, &frame, error) < 0)
            return -1;
    return found < 0 ? -1 : 0;
}

static int relay_once(struct exec_relay *relay, bool *gone, struct error *error)
{
    const struct exec_output *output = relay->output;
    bool waits = has_output(relay);
    struct pollfd fds[] = {
        {.fd = relay->port, .events = (short)((waits ? 0 : POLLIN) | (has_to_send(relay) ? POLLOUT : 0))},
        {.fd = relay->signals, .events = POLLIN},
        {.fd = wants_input(relay) ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = output[0].start < output[0].end ? output[0].fd : -1, .events = POLLOUT},
        {.fd = output[1].start < output[1].end ? output[1].fd : -1, .events = POLLOUT},
    };
    if (fds[0].events == 0)
        fds[0].fd = -1; /* a port that was closed would not let poll(2) wait */
    if (poll(fds, sizeof fds / sizeof *fds, -1) < 0 && errno != EINTR)
        return error_errno(error, errno, "poll");
    if (fds[1].revents != 0)
        take_signals(relay);
    if (fds[2].revents != 0)
        take_input(relay);
    for (int i = 0; i < 2; i++)
        if (fds[3 + i].revents != 0)
            write_output(relay, &relay->output[i]);
    send_frames(relay);
    if (!waits && fds[0].revents != 0)
        *gone = hear(relay) < 0;
    return take_frames(relay, error);
}

int exec_relay_run(struct exec_relay *relay, struct error *error)
{
    bool gone = false;
    if (take_frames(relay, error) < 0)
        return -1;
    while ((!relay->ended && !gone) || has_output(relay))
        if (relay_once(relay, &gone, error) < 0)
            return -1;
    return relay->ended ? (int)relay->status : STATUS_KILLED;
}
