#include "runtime/lifecycle/forward.h"

#include <signal.h>

#include "formats/base/clock.h"
#include "runtime/lifecycle/guest_signal.h"
#include "runtime/lifecycle/manage.h"

enum { NO_READER_GRACE = 2000 }; /* milliseconds */

struct forward forward_to(pid_t pid, const struct state *state, int directory)
{
    return (struct forward){
        .pid = pid,
        .state = state,
        .directory = directory,
        .has_channel = directory >= 0 && channel_exists(directory),
        .call = CHANNEL_CALL_NONE,
    };
}

void forward_free(struct forward *forward)
{
    channel_call_end(&forward->call);
}

static void signal_monitor(struct forward *forward, int signal)
{
    if (signal_asks_to_end(signal) && forward->directory >= 0 && !forward->has_channel &&
        manage_stop_guest(forward->directory, forward->state))
        return;
    kill(forward->pid, signal);
    if (signal_asks_to_end(signal))
        forward->asked = signal;
}

void forward_signal(struct forward *forward, int signal)
{
    if (!forward->has_channel || !signal_is_for_program(signal))
        signal_monitor(forward, signal);
    else
        forward->waiting |= (uint64_t)1 << signal;
}

void forward_window(struct forward *forward, const struct winsize *window)
{
    forward->window = *window;
    forward->window_waits = forward->has_channel;
}

void forward_no_reader(struct forward *forward)
{
    if (forward->no_reader || !forward->has_channel)
        return;
    forward->no_reader = true;
    forward->kill_at = clock_milliseconds() + NO_READER_GRACE;
    forward_signal(forward, SIGPIPE);
}

/* A signal that asks to end is the monitor's where the guest does not take it; others are lost on a guest
 * that cannot hear, as they would be on a program that is not there yet. */
static void give_up(struct forward *forward)
{
    channel_call_end(&forward->call);
    if (signal_asks_to_end(forward->signal))
        signal_monitor(forward, forward->signal);
}

static bool begin_next(struct forward *forward)
{
    cleanup_error struct error ignored = {0};
    int status;
    if (forward->waiting != 0) {
        forward->signal = __builtin_ctzll(forward->waiting);
        forward->waiting &= forward->waiting - 1;
        status = channel_call_signal(forward->directory, forward->signal, &forward->call, &ignored);
    } else if (forward->window_waits) {
        forward->signal = 0;
        forward->window_waits = false;
        status = channel_call_window(forward->directory, forward->window.ws_row, forward->window.ws_col,
                                     &forward->call, &ignored);
    } else {
        return false;
    }
    if (status < 0)
        give_up(forward);
    return true;
}

void forward_progress(struct forward *forward)
{
    uint32_t number = 0;
    if (forward->kill_at != 0 && clock_milliseconds() >= forward->kill_at) {
        kill(forward->pid, SIGKILL);
        forward->kill_at = 0; /* its end is told by SIGCHLD */
    }
    do {
        enum channel_progress progress =
            forward->call.fd >= 0 ? channel_call_progress(&forward->call, &number) : CHANNEL_CALL_ANSWERED;
        if (progress == CHANNEL_CALL_PENDING)
            return;
        if (progress == CHANNEL_CALL_FAILED)
            give_up(forward);
        channel_call_end(&forward->call);
    } while (begin_next(forward));
}

int forward_timeout(const struct forward *forward)
{
    int call = forward->call.fd >= 0 ? channel_call_left(&forward->call) + 1 : -1;
    if (forward->kill_at == 0)
        return call;
    int64_t left = forward->kill_at - clock_milliseconds();
    int kill_left = left > 0 ? (int)left : 0;
    return call >= 0 && call < kill_left ? call : kill_left;
}
