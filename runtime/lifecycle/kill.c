#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/signal.h"
#include "runtime/lifecycle/channel_call.h"
#include "runtime/lifecycle/guest_signal.h"
#include "runtime/lifecycle/lifecycle.h"
#include "runtime/lifecycle/manage.h"
#include "runtime/sandbox/cgroups/freezer.h"

/* opencontainers/image-spec, annotations are the engines' own: containerd and podman write this one. */
#define STOP_SIGNAL_ANNOTATION "org.opencontainers.image.stopSignal"

enum { PROC_STATUS_MAX = 1 << 16 };

static int guest_refuses(const char *id, int signal, uint32_t number, struct error *error)
{
    if (number == ESRCH)
        return error_set(error, "container not running");
    return error_set(error, "container \"%s\": the guest refuses the signal %d: %s", id, signal,
                     strerror((int)(number & 0xfff)));
}

/* `ends`: it asks to end. Returns 1 where the program has it, 0 where the monitor is to get it. */
static int signal_program(int directory, const char *id, int signal, bool ends, struct error *error)
{
    cleanup_channel_call struct channel_call call = CHANNEL_CALL_NONE;
    cleanup_error struct error failed = {0};
    uint32_t number = 0;
    if (channel_call_signal(directory, signal, &call, &failed) == 0 &&
        channel_call_wait(&call, &number) == CHANNEL_CALL_ANSWERED)
        return number == 0 ? 1 : guest_refuses(id, signal, number, error);
    if (ends)
        return 0;
    return error_set(error,
                     "container \"%s\": the guest did not take the signal %d within %d seconds: it boots, or "
                     "stands still because its output is not read",
                     id, signal, CHANNEL_CALL_TIMEOUT / 1000);
}

/* The signal that the image names for it; engines have it from the image's configuration. */
static bool is_stop_signal(const struct state *state, int signal)
{
    const char *name = json_string_value(json_object_get(state->annotations, STOP_SIGNAL_ANNOTATION));
    return name != NULL && signal_from_name(name) == signal;
}

/* True if a mask of /proc/PID/status ("SigCgt") has the signal. */
static bool has_signal(const char *status, const char *mask, int signal)
{
    const char *line = strstr(status, mask);
    return line != NULL && (strtoull(line + strlen(mask), NULL, 16) >> (signal - 1) & 1);
}

/* The number that the process has in its own namespace: the last one. */
static bool is_process_one(const char *status)
{
    const char *line = strstr(status, "\nNSpid:");
    const char *end = line != NULL ? strchr(line + 1, '\n') : NULL;
    return end != NULL && end - line > 2 && strncmp(end - 2, "\t1", 2) == 0;
}

/* A signal whose default is to end a process is not even seen by process 1 of a namespace; one that it blocks
 * waits for it. */
static bool is_not_seen(const struct state *state, int signal)
{
    char path[32];
    cleanup_error struct error ignored = {0};
    cleanup_buffer struct buffer status = {0};
    snprintf(path, sizeof path, "/proc/%d/status", (int)state->pid);
    return read_file(AT_FDCWD, path, PROC_STATUS_MAX, &status, &ignored) == 0 &&
           is_process_one(status.data) && !has_signal(status.data, "\nSigCgt:", signal) &&
           !has_signal(status.data, "\nSigIgn:", signal) && !has_signal(status.data, "\nSigBlk:", signal);
}

/* `may_be_gone`: nothing to signal is fine. */
static int signal_monitor(const struct state *state, const char *id, int signal, bool may_be_gone,
                          struct error *error)
{
    cleanup_close int pidfd = state_open_process(state);
    if (pidfd >= 0 && signal_asks_to_end(signal) && is_not_seen(state, signal))
        signal = SIGKILL;
    if (pidfd >= 0 && pidfd_send_signal(pidfd, signal, NULL, 0) == 0)
        return 0;
    if (errno != ESRCH)
        return error_errno(error, errno, "cannot signal container \"%s\"", id);
    /* "container not running" is what containerd looks for. */
    return may_be_gone ? 0 : error_set(error, "container not running");
}

/* As with runc, other signals of a frozen container wait until it is resumed. */
static int kill_frozen(const struct state *state, struct error *error)
{
    if (signal_monitor(state, state->id, SIGKILL, true, error) < 0)
        return -1;
    return cgroups_thaw(&state->cgroups, error);
}

/* The guest first, where it can be asked; then its monitor. */
static int signal_container(int directory, const struct state *state, int signal, struct error *error)
{
    enum status status = state_status(directory, state);
    bool for_program = signal_is_for_program(signal);
    bool ends = signal_asks_to_end(signal) || (for_program && is_stop_signal(state, signal));
    bool runs = for_program && status == STATUS_RUNNING;
    bool has_agent = runs && channel_exists(directory);
    if (status == STATUS_PAUSED && signal == SIGKILL)
        return kill_frozen(state, error);
    if (status == STATUS_PAUSED && for_program && !ends && channel_exists(directory))
        return error_set(error, "container \"%s\" is paused: its program gets signals once it is resumed",
                         state->id);
    int told = has_agent ? signal_program(directory, state->id, signal, ends, error) : 0;
    if (told != 0)
        return told < 0 ? -1 : 0;
    if (runs && !has_agent && ends && manage_stop_guest(directory, state))
        return 0;
    /* Monitors end by SIGTERM, whatever the image's programs would end by. */
    if (ends && !signal_asks_to_end(signal))
        signal = SIGTERM;
    /* A guest that was asked to end may have done so before its answer came. */
    return signal_monitor(state, state->id, signal, has_agent, error);
}

int container_kill(const struct runtime *runtime, const char *id, int signal, bool all, struct error *error)
{
    cleanup_state struct state state = {0};
    cleanup_close int directory = container_load(runtime, id, &state, error);
    if (directory < 0)
        return -1;
    if (!all)
        return signal_container(directory, &state, signal, error);
    int signalled = cgroups_signal(&state.cgroups, signal, error);
    if (signalled > 0 && signal == SIGKILL && cgroups_are_frozen(&state.cgroups))
        return cgroups_thaw(&state.cgroups, error);
    if (signalled != 0)
        return signalled < 0 ? -1 : 0;
    return signal_monitor(&state, id, signal, true, error);
}
