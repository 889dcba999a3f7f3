#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "formats/base/memory.h"
#include "runtime/bundle/hooks.h"
#include "runtime/channel.h"
#include "runtime/lifecycle/lifecycle.h"
#include "runtime/lifecycle/metrics.h"
#include "runtime/process/message.h"
#include "runtime/trace.h"

/* Milliseconds. */
enum {
    ACCEPT_TIMEOUT = 10000, /* the process has nothing else to do than to answer */
    END_TIMEOUT = 1000,
};

static int check_status(int directory, const struct state *state, struct error *error)
{
    switch (state_status(directory, state)) {
    case STATUS_CREATED:
        return 0;
    case STATUS_CREATING:
        return error_set(error, "cannot start a container that is still being created");
    case STATUS_PAUSED:
        return error_set(error, "cannot start a container that is paused: resume it first");
    case STATUS_RUNNING:
        return error_set(error, "cannot start an already running container");
    case STATUS_STOPPED:
        break;
    }
    return error_set(error, "cannot start a container that has stopped");
}

static int connect_to(int directory, struct error *error)
{
    int fd = state_connect(directory, START_SOCKET, SOCK_SEQPACKET, error);
    /* Somebody else's `start` was here first. */
    if (fd < 0 && (error->number == ECONNREFUSED || error->number == ENOENT)) {
        error_clear(error);
        return error_set(error, "cannot start an already running container");
    }
    return fd;
}

/* Writes down what the process is about to join, before it does. */
static int record_network(int directory, struct state *state, const char *text, struct error *error)
{
    cleanup_free char *copy = xstrdup(text);
    char *rest = copy;
    strings_free(&state->network_interfaces);
    strings_free(&state->network_taps);
    for (char *interface; (interface = strsep(&rest, " ")) != NULL;) {
        const char *tap = strsep(&rest, " ");
        if (tap == NULL)
            return error_set(error, "the container's process speaks another version");
        strings_add(&state->network_interfaces, interface);
        strings_add(&state->network_taps, tap);
    }
    return state_write(directory, state, error);
}

/* What the monitor that is about to run has. */
static int record_start(int directory, struct state *state, const char *text, struct error *error)
{
    bool has_channel = strstr(text, MESSAGE_HAS_CHANNEL) != NULL;
    if (!has_channel && unlinkat(directory, CHANNEL_SOCKET, 0) < 0 && errno != ENOENT)
        return error_errno(error, errno, CHANNEL_SOCKET);
    state->guest_stops = strstr(text, MESSAGE_GUEST_STOPS) != NULL;
    if (state->guest_stops && state_write(directory, state, error) < 0)
        return -1;
    /* While it stands the container is "created". */
    if (unlinkat(directory, START_SOCKET, 0) < 0 && errno != ENOENT)
        return error_errno(error, errno, START_SOCKET);
    return 0;
}

/* The process that sent its error is about to end; until it has, the container would look "created". */
static void wait_for_end(const struct state *state)
{
    cleanup_close int pidfd = state_open_process(state);
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    if (pidfd >= 0)
        poll(&ended, 1, END_TIMEOUT);
}

/* A network that was not joined must not be left: another container of the pod may be joined to it. */
static void forget_network(int directory, struct state *state)
{
    cleanup_error struct error ignored = {0};
    if (state->network_taps.count == 0)
        return;
    strings_free(&state->network_interfaces);
    strings_free(&state->network_taps);
    state_write(directory, state, &ignored);
}

/* startContainer hooks run before the next message, as long as they take. */
static int next_timeout(const struct state *state, bool accepted)
{
    if (!accepted)
        return ACCEPT_TIMEOUT;
    return hooks_has(state->hooks, HOOK_START_CONTAINER) ? MESSAGE_NO_TIMEOUT : MESSAGE_TIMEOUT;
}

static int receive(int connection, const struct state *state, bool accepted, struct message *message,
                   struct error *error)
{
    int timeout = next_timeout(state, accepted);
    if (message_receive(connection, timeout, message, error) == 0)
        return 0;
    if (error->number == ETIMEDOUT)
        error_set(
            error,
            "process %d of the container has not answered for %d seconds: it is stopped or frozen, or not "
            "urunc's; continue it, or remove the container with `urunc delete --force`",
            (int)state->pid, timeout / 1000);
    return -1;
}

/* Before it was accepted the listening end was closed, by the start of another caller. */
static int connection_lost(bool accepted, struct error *error)
{
    if (!accepted)
        return error_set(error, "cannot start an already running container");
    return error_set(error, "cannot start a container that has stopped: it was ended while it was started");
}

static int converse(int connection, int directory, struct state *state, struct error *error)
{
    struct message message;
    bool accepted = false, joined = false, started = false;
    for (;;) {
        if (receive(connection, state, accepted, &message, error) < 0)
            return -1;
        switch (message.type) {
        case MESSAGE_ACCEPTED:
            accepted = true;
            break;
        case MESSAGE_NETWORK:
            if (record_network(directory, state, message.text, error) < 0 ||
                message_send(connection, MESSAGE_WRITTEN, "", error) < 0)
                return -1;
            break;
        case MESSAGE_JOINED:
            joined = true;
            break;
        case MESSAGE_STARTED:
            started = true;
            if (record_start(directory, state, message.text, error) < 0 ||
                message_send(connection, MESSAGE_WRITTEN, "", error) < 0)
                return -1;
            break;
        case MESSAGE_ERROR:
            if (!joined)
                forget_network(directory, state);
            wait_for_end(state);
            return error_set(error, "%s", message.text);
        case MESSAGE_END:
            return started ? 0 : connection_lost(accepted, error);
        default:
            return error_set(error, "the container's process speaks another version");
        }
    }
}

static int start(int directory, struct state *state, struct error *error)
{
    if (check_status(directory, state, error) < 0)
        return -1;
    cleanup_close int connection = connect_to(directory, error);
    if (connection >= 0 && converse(connection, directory, state, error) == 0)
        return 0;
    if (connection >= 0 && (error->number == EPIPE || error->number == ECONNRESET))
        return connection_lost(true, error);
    return -1;
}

/* The specification: a container whose poststart hook fails is stopped (runtime.md, "Lifecycle", 9). What is
 * left of it is `delete`'s, as after any failed start. */
static void end_container(const struct state *state)
{
    cleanup_close int pidfd = state_open_process(state);
    if (pidfd >= 0)
        pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    while (pidfd >= 0 && poll(&ended, 1, ACCEPT_TIMEOUT) < 0 && errno == EINTR)
        ;
}

int container_start(const struct runtime *runtime, const char *id, struct error *error)
{
    cleanup_state struct state state = {0};
    int64_t began = clock_milliseconds();
    cleanup_close int directory = container_load(runtime, id, &state, error);
    if (directory < 0)
        return -1;
    cleanup_trace struct trace trace;
    trace_open(state.trace, TRACE_START, &trace);
    uint64_t trace_began = trace_now();
    int status = start(directory, &state, error);
    metrics_record(runtime, state.metrics, METRICS_start, began, status < 0);
    if (status < 0)
        return -1;
    trace_lasted(&trace, "start", trace_began);
    if (!hooks_has(state.hooks, HOOK_POSTSTART))
        return 0;
    TRACE_BLOCK(&trace, "poststart hooks");
    cleanup_free char *text = state_spec_text(&state, STATUS_RUNNING);
    if (hooks_run(state.hooks, HOOK_POSTSTART, text, error) == 0)
        return 0;
    end_container(&state);
    return -1;
}
