#include "runtime/lifecycle/attend.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "runtime/lifecycle/forward.h"

static const int forwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT};

/* Bytes on their way between the terminal and the caller. */
struct flow {
    char bytes[4096];
    size_t start;
    size_t end;
};

struct relay {
    int master; /* -1: none, or hung up */
    bool stdin_open;
    struct flow input;
    struct flow output;
};

static bool waits(const struct flow *flow)
{
    return flow->start < flow->end;
}

int attend_signals(sigset_t *old, struct error *error)
{
    sigset_t set, pipe;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGWINCH);
    for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
        sigaddset(&set, forwarded[i]);
    /* A caller that stops reading must not end this process: the container would be left to itself. */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    if (sigprocmask(SIG_BLOCK, &set, old) < 0 || sigprocmask(SIG_BLOCK, &pipe, NULL) < 0)
        return error_errno(error, errno, "cannot block signals");
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd >= 0 ? fd : error_errno(error, errno, "signalfd");
}

bool attend_copy_window(int master, struct winsize *size)
{
    return master >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, size) == 0 && ioctl(master, TIOCSWINSZ, size) == 0;
}

static void handle_signals(int signals, int master, struct forward *forward)
{
    struct signalfd_siginfo info;
    struct winsize size;
    while (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
        int number = (int)info.ssi_signo;
        if (number == SIGWINCH && attend_copy_window(master, &size))
            forward_window(forward, &size);
        if (number != SIGCHLD && number != SIGWINCH)
            forward_signal(forward, number);
    }
}

/* Reads into an empty flow. False at the end: a terminal whose other side was closed by all ends with EIO.
 */
static bool fill(struct flow *flow, int fd)
{
    ssize_t got = TEMP_FAILURE_RETRY(read(fd, flow->bytes, sizeof flow->bytes));
    if (got < 0 && errno == EAGAIN)
        return true;
    flow->start = 0;
    flow->end = got > 0 ? (size_t)got : 0;
    return got > 0;
}

/* Bytes that are not taken now wait. After any other failure nobody is there to take them. */
static void drain(struct flow *flow, int fd)
{
    ssize_t put = write(fd, flow->bytes + flow->start, flow->end - flow->start);
    if (put < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    flow->start = put < 0 ? flow->end : flow->start + (size_t)put;
}

/* What the guest still wrote, once it has ended. */
static void finish_output(struct relay *relay)
{
    cleanup_error struct error ignored = {0};
    struct flow *output = &relay->output;
    do {
        write_all(STDOUT_FILENO, output->bytes + output->start, output->end - output->start, "stdout",
                  &ignored);
        output->start = output->end;
    } while (fill(output, relay->master) && waits(output));
}

/* A little at a time and only what the other side takes: neither a guest that never stops writing nor a
 * caller that does not read keeps signals waiting. */
static void move_bytes(struct relay *relay, const struct pollfd *master, const struct pollfd *input,
                       const struct pollfd *output)
{
    bool hung_up = false;
    if (output->revents != 0)
        drain(&relay->output, STDOUT_FILENO);
    if ((master->revents & (POLLIN | POLLHUP | POLLERR)) && !waits(&relay->output))
        hung_up = !fill(&relay->output, relay->master);
    if (input->revents != 0)
        relay->stdin_open = fill(&relay->input, STDIN_FILENO);
    if (waits(&relay->input))
        drain(&relay->input, relay->master);
    if (hung_up)
        relay->master = -1;
}

/* Waits until there is something to do, and does it. */
static int attend_once(int signals, struct relay *relay, struct forward *forward, struct error *error)
{
    bool has_input = waits(&relay->input), has_output = waits(&relay->output);
    short master_events = (short)((has_output ? 0 : POLLIN) | (has_input ? POLLOUT : 0));
    bool watches_readers = relay->master < 0 && forward->has_channel && !forward->no_reader;
    struct pollfd fds[] = {
        {.fd = signals, .events = POLLIN},
        /* A terminal that has hung up would not let poll(2) wait for the caller. */
        {.fd = master_events != 0 ? relay->master : -1, .events = master_events},
        {.fd = relay->master >= 0 && relay->stdin_open && !has_input ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = has_output ? STDOUT_FILENO : -1, .events = POLLOUT},
        {.fd = forward->call.fd, .events = POLLIN},
        /* For POLLERR alone: the other end of a pipe was closed. */
        {.fd = watches_readers ? STDOUT_FILENO : -1},
        {.fd = watches_readers ? STDERR_FILENO : -1},
    };
    if (poll(fds, sizeof fds / sizeof *fds, forward_timeout(forward)) < 0 && errno != EINTR)
        return error_errno(error, errno, "poll");
    if (fds[0].revents != 0)
        handle_signals(signals, relay->master, forward);
    move_bytes(relay, &fds[1], &fds[2], &fds[3]);
    if ((fds[5].revents | fds[6].revents) & POLLERR)
        forward_no_reader(forward);
    forward_progress(forward);
    return 0;
}

static int attend_loop(int signals, struct relay *relay, struct forward *forward, struct ending *ending,
                       struct error *error)
{
    for (;;) {
        pid_t ended = waitpid(forward->pid, &ending->wait_status, WNOHANG);
        if (ended == forward->pid)
            break;
        if (ended < 0 && errno != EINTR)
            return error_errno(error, errno, "cannot wait for the container's process");
        if (attend_once(signals, relay, forward, error) < 0)
            return -1;
    }
    if (relay->master >= 0 || waits(&relay->output))
        finish_output(relay);
    return 0;
}

void stdio_remember(struct stdio_settings *settings)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        settings->flags[fd] = fcntl(fd, F_GETFL);
    settings->terminal = tcgetattr(STDIN_FILENO, &settings->modes) == 0;
}

/* In the background the terminal's modes are somebody else's by now, and setting them would stop us
 * (SIGTTOU). */
static bool in_background(void)
{
    pid_t foreground = tcgetpgrp(STDIN_FILENO);
    return foreground >= 0 && foreground != getpgrp();
}

static void stdio_restore(const struct stdio_settings *settings)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (settings->flags[fd] >= 0)
            fcntl(fd, F_SETFL, settings->flags[fd]);
    if (settings->terminal && !in_background())
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings->modes);
}

int attend(const struct attended *attended, const struct stdio_settings *before, struct ending *ending,
           struct error *error)
{
    int master = attended->master;
    struct relay relay = {.master = master, .stdin_open = true};
    struct forward forward = forward_to(attended->pid, attended->state, attended->directory);
    *ending = (struct ending){0};
    if (master >= 0 && before->terminal) {
        struct termios settings = before->modes;
        cfmakeraw(&settings);
        tcsetattr(STDIN_FILENO, TCSANOW, &settings);
    }
    if (master >= 0)
        fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
    int status = attend_loop(attended->signals, &relay, &forward, ending, error);
    ending->asked = forward.asked;
    ending->no_reader = forward.no_reader;
    forward_free(&forward);
    stdio_restore(before);
    return status;
}
