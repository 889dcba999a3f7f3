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

/* Bytes on their way from the caller's stdin to the terminal. */
struct relay {
    int master; /* -1: none, or hung up */
    bool stdin_open;
    char pending[4096];
    size_t length;
    size_t written;
};

int attend_signals(sigset_t *old, struct error *error)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGWINCH);
    for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
        sigaddset(&set, forwarded[i]);
    if (sigprocmask(SIG_BLOCK, &set, old) < 0)
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

/* From the container's terminal to stdout. False at its end. */
static bool relay_output(int master)
{
    cleanup_error struct error ignored = {0};
    char bytes[8192];
    for (;;) {
        ssize_t got = read(master, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return true;
        /* A terminal whose other side was closed by all ends with EIO. */
        if (got <= 0)
            return false;
        write_all(STDOUT_FILENO, bytes, (size_t)got, "stdout", &ignored);
    }
}

static void relay_input(struct relay *relay)
{
    if (relay->length == 0) {
        ssize_t got = read(STDIN_FILENO, relay->pending, sizeof relay->pending);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            return;
        relay->stdin_open = got > 0;
        relay->length = got > 0 ? (size_t)got : 0;
        relay->written = 0;
    }
    while (relay->written < relay->length) {
        ssize_t put = write(relay->master, relay->pending + relay->written, relay->length - relay->written);
        if (put < 0)
            break;
        relay->written += (size_t)put;
    }
    /* Bytes that the guest does not take now wait. After any other failure nobody is there to take them. */
    if (relay->written == relay->length || errno != EAGAIN)
        relay->length = 0;
}

/* Waits until there is something to do, and does it. */
static int attend_once(int signals, struct relay *relay, struct forward *forward, struct error *error)
{
    bool pending = relay->length > 0;
    short master_events = (short)(POLLIN | (pending ? POLLOUT : 0));
    bool watches_readers = relay->master < 0 && forward->has_channel && !forward->no_reader;
    struct pollfd fds[] = {
        {.fd = signals, .events = POLLIN},
        {.fd = relay->master, .events = master_events},
        {.fd = relay->master >= 0 && relay->stdin_open && !pending ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = forward->call.fd, .events = POLLIN},
        /* For POLLERR alone: the other end of a pipe was closed. */
        {.fd = watches_readers ? STDOUT_FILENO : -1},
        {.fd = watches_readers ? STDERR_FILENO : -1},
    };
    if (poll(fds, sizeof fds / sizeof *fds, forward_timeout(forward)) < 0 && errno != EINTR)
        return error_errno(error, errno, "poll");
    if (fds[0].revents != 0)
        handle_signals(signals, relay->master, forward);
    if ((fds[1].revents & (POLLIN | POLLHUP | POLLERR)) && !relay_output(relay->master))
        relay->master = -1;
    if (relay->master >= 0 && (fds[2].revents != 0 || (fds[1].revents & POLLOUT)))
        relay_input(relay);
    if ((fds[4].revents | fds[5].revents) & POLLERR)
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
    if (relay->master >= 0)
        relay_output(relay->master);
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
