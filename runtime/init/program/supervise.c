/*
 * One loop over epoll.
 *
 * The ports are watched edge-triggered: one without a host on the other side is readable and hung up for as
 * long as that lasts, and the kernel has no other way to wait for its end. So each source of events is read
 * until it has no more, or stays `ready`, and the loop comes back to it.
 */
#include "runtime/init/program/supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/init/console.h"
#include "runtime/init/machine/power.h"
#include "runtime/init/program/clock.h"
#include "runtime/init/program/execs.h"
#include "runtime/init/program/terminal.h"

/* Milliseconds. */
enum {
    GRACE = 10 * 1000, /* between SIGTERM and SIGKILL: runtime/channel.h */
    FAREWELL = 1000,   /* for the clients of further programs to read how these ended */
};

/* Bits of what may have something to do: one for each stream, and these. */
enum {
    READY_OUTPUT = 1 << STREAM_STDOUT | 1 << STREAM_STDERR,
    READY_STREAMS = READY_OUTPUT | 1 << STREAM_STDIN,
    READY_SIGNALS = 1 << STREAMS,
    READY_CONTROL = 2 << STREAMS,
    READY_EXECS = 4 << STREAMS,
    READY_WINDOW = 8 << STREAMS,
};

struct supervisor {
    pid_t program;
    bool ended;
    int status; /* where it has ended */
    struct streams *streams;
    struct control *control;
    struct control window; /* receives only */
    struct execs execs;
    int events;  /* epoll */
    int signals; /* signalfd */
    unsigned ready;
    long long deadline; /* of the power-off that was asked for; 0: none was */
    long long farewell; /* until when the clients of further programs are waited for; 0: the program runs */
};

static int signal_program(const struct supervisor *supervisor, int number)
{
    if (supervisor->ended)
        return ESRCH;
    return kill(supervisor->program, number) < 0 ? errno : 0;
}

static int exit_status(int wait_status)
{
    return WIFSIGNALED(wait_status) ? STATUS_SIGNAL + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* `options` of waitpid(2). Who is neither the program nor a further one is an orphan. */
static void reap(struct supervisor *supervisor, int options)
{
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, options)) > 0;) {
        execs_reaped(&supervisor->execs, pid, exit_status(status));
        if (pid != supervisor->program || supervisor->ended)
            continue;
        supervisor->ended = true;
        supervisor->status = exit_status(status);
    }
}

/* Not the others that may come: SIGPIPE of a program that closed its standard input is this process's own. */
static const int passed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPWR};

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++)
        sigaddset(&set, passed_on[i]);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* Ctrl-Alt-Del is how a monitor asks for an orderly end; the kernel makes SIGINT to PID 1 of it. */
static void take_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    while (read(supervisor->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            reap(supervisor, WNOHANG);
        else
            signal_program(supervisor, info.ssi_signo == SIGINT ? SIGTERM : (int)info.ssi_signo);
    }
}

static uint32_t execute_signal(struct supervisor *supervisor, const struct channel_frame *frame)
{
    uint32_t number = frame->length == 4 ? channel_get32(frame->payload) : 0;
    return number > 0 && number < NSIG ? (uint32_t)signal_program(supervisor, (int)number) : EINVAL;
}

static uint32_t execute_window(struct supervisor *supervisor, const struct channel_frame *frame)
{
    if (frame->length != 4)
        return EINVAL;
    if (supervisor->streams->terminal < 0)
        return ENOTTY;
    return terminal_resize(supervisor->streams->terminal, channel_get16(frame->payload),
                           channel_get16(frame->payload + 2)) < 0
               ? (uint32_t)errno
               : 0;
}

/* Of a frame of the window's port, where nothing else is asked for, and nothing is answered. */
static void take_size(void *context, const struct channel_frame *frame)
{
    if (frame->type == CHANNEL_WINDOW)
        execute_window(context, frame);
}

static uint32_t execute_exec(struct supervisor *supervisor, const struct channel_frame *frame)
{
    if (supervisor->ended)
        return ESRCH;
    supervisor->ready |= READY_EXECS;
    return frame->length == 4 ? (uint32_t)execs_open(&supervisor->execs, channel_get32(frame->payload))
                              : EINVAL;
}

static void answer_state(const struct supervisor *supervisor, uint16_t session)
{
    uint8_t payload[5] = {supervisor->ended ? CHANNEL_ENDED : CHANNEL_RUNNING};
    channel_put32(payload + 1, (uint32_t)supervisor->status);
    control_send(supervisor->control, CHANNEL_STATE, session, payload, sizeof payload);
}

static void execute(void *context, const struct channel_frame *frame)
{
    struct supervisor *supervisor = context;
    uint32_t result = 0;
    switch (frame->type) {
    case CHANNEL_HELLO:
        answer_state(supervisor, frame->session);
        return;
    case CHANNEL_SIGNAL:
        result = execute_signal(supervisor, frame);
        break;
    case CHANNEL_WINDOW:
        result = execute_window(supervisor, frame);
        break;
    case CHANNEL_POWER_OFF:
        signal_program(supervisor, SIGTERM);
        if (supervisor->deadline == 0)
            supervisor->deadline = clock_milliseconds() + GRACE;
        break;
    case CHANNEL_EXEC:
        result = execute_exec(supervisor, frame);
        break;
    default:
        return;
    }
    uint8_t payload[4];
    channel_put32(payload, result);
    control_send(supervisor->control, CHANNEL_DONE, frame->session, payload, sizeof payload);
}

static void watch(struct supervisor *supervisor, int fd, unsigned ready)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = ready};
    if (fd >= 0 && epoll_ctl(supervisor->events, EPOLL_CTL_ADD, fd, &event) < 0)
        complain("cannot wait for a stream's events:");
}

static void watch_everything(struct supervisor *supervisor)
{
    struct streams *streams = supervisor->streams;
    supervisor->events = epoll_create1(EPOLL_CLOEXEC);
    supervisor->signals = open_signals();
    supervisor->execs = (struct execs){.events = supervisor->events, .event = READY_EXECS};
    watch(supervisor, supervisor->signals, READY_SIGNALS);
    watch(supervisor, supervisor->control->fd, READY_CONTROL);
    watch(supervisor, supervisor->window.fd, READY_WINDOW);
    watch(supervisor, streams->terminal, 1 << STREAM_STDIN | 1 << STREAM_STDOUT);
    for (int i = 0; i < STREAMS; i++) {
        const struct stream *stream = &streams->streams[i];
        watch(supervisor, stream->from != streams->terminal ? stream->from : -1, 1U << i);
        watch(supervisor, stream->to != streams->terminal ? stream->to : -1, 1U << i);
    }
    supervisor->ready = READY_STREAMS | READY_SIGNALS | (supervisor->control->fd >= 0 ? READY_CONTROL : 0) |
                        (supervisor->window.fd >= 0 ? READY_WINDOW : 0);
}

/* For epoll_wait(2): not at all where there is something to do already. */
static int milliseconds_to_wait(const struct supervisor *supervisor)
{
    long long next = supervisor->deadline;
    if (supervisor->farewell != 0 && (next == 0 || supervisor->farewell < next))
        next = supervisor->farewell;
    if (supervisor->ready == 0 && next == 0)
        return -1;
    long long left = next - clock_milliseconds();
    return supervisor->ready == 0 && left > 0 ? (int)left : 0;
}

static void wait_for_events(struct supervisor *supervisor)
{
    struct epoll_event events[8];
    int timeout = milliseconds_to_wait(supervisor);
    int count = epoll_wait(supervisor->events, events, sizeof events / sizeof *events, timeout);
    for (int i = 0; i < count; i++)
        supervisor->ready |= events[i].data.u32;
}

/* One turn for everything that is ready. True: no stream has anything left to move. */
static bool take_turn(struct supervisor *supervisor)
{
    unsigned ready = supervisor->ready;
    bool moved_all = true;
    supervisor->ready = 0;
    if (ready & READY_SIGNALS)
        take_signals(supervisor);
    if ((ready & READY_CONTROL) && control_receive(supervisor->control, execute, supervisor))
        supervisor->ready |= READY_CONTROL;
    if ((ready & READY_WINDOW) && control_receive(&supervisor->window, take_size, supervisor))
        supervisor->ready |= READY_WINDOW;
    /* A signal may have told of a program's end. */
    if ((ready & (READY_EXECS | READY_SIGNALS)) && execs_turn(&supervisor->execs))
        supervisor->ready |= READY_EXECS;
    for (int i = 0; i < STREAMS; i++) {
        if (!(ready & 1U << i) || (i == STREAM_STDIN && supervisor->ended))
            continue;
        enum stream_state state = streams_move(supervisor->streams, i);
        if (state == STREAM_BUSY)
            supervisor->ready |= 1U << i;
        moved_all = moved_all && (state == STREAM_WAITING || state == STREAM_ENDED);
    }
    return moved_all;
}

static bool is_overdue(const struct supervisor *supervisor)
{
    return supervisor->deadline != 0 && clock_milliseconds() >= supervisor->deadline;
}

/* Whoever has not read it by now hears of the end by the port's. */
static void say_farewell(struct supervisor *supervisor)
{
    execs_free(&supervisor->execs);
    supervisor->farewell = 0;
}

/* What the others wrote stands in the pipes. A power-off that was asked for does not wait for a host that
 * reads nothing. */
static void finish_output(struct supervisor *supervisor)
{
    kill(-1, SIGKILL);
    reap(supervisor, 0);
    sync(); /* before the wait for a reader that may be slow */
    if (is_overdue(supervisor))
        supervisor->deadline = clock_milliseconds() + GRACE;
    supervisor->farewell = clock_milliseconds() + FAREWELL;
    for (;;) {
        supervisor->ready |= READY_OUTPUT | READY_EXECS;
        bool moved_all = take_turn(supervisor);
        if (supervisor->farewell != 0 && clock_milliseconds() >= supervisor->farewell)
            say_farewell(supervisor);
        if ((moved_all && !execs_are_left(&supervisor->execs)) || is_overdue(supervisor))
            return;
        wait_for_events(supervisor);
    }
}

void supervise_prepare(void)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
}

int supervise(pid_t program, struct streams *streams, struct control *control)
{
    struct supervisor supervisor = {
        .program = program, .streams = streams, .control = control, .window.fd = streams->window};
    watch_everything(&supervisor);
    for (;;) {
        take_turn(&supervisor);
        if (supervisor.ended)
            break;
        if (is_overdue(&supervisor)) {
            signal_program(&supervisor, SIGKILL);
            supervisor.deadline = clock_milliseconds() + GRACE;
        }
        wait_for_events(&supervisor);
    }
    finish_output(&supervisor);
    return supervisor.status;
}
