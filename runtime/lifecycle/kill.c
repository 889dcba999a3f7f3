#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>

#include "formats/base/cleanup.h"
#include "runtime/lifecycle/channel_call.h"
#include "runtime/lifecycle/guest_signal.h"
#include "runtime/lifecycle/lifecycle.h"

static int guest_refuses(const char *id, int signal, uint32_t number, struct error *error)
{
    if (number == ESRCH)
        return error_set(error, "container not running");
    return error_set(error, "container \"%s\": the guest refuses the signal %d: %s", id, signal,
                     strerror((int)(number & 0xfff)));
}

/* Returns 1 where the program has it, 0 where the monitor is to get it. */
static int signal_program(int directory, const char *id, int signal, struct error *error)
{
    cleanup_channel_call struct channel_call call = CHANNEL_CALL_NONE;
    cleanup_error struct error failed = {0};
    uint32_t number = 0;
    if (channel_call_signal(directory, signal, &call, &failed) == 0 &&
        channel_call_wait(&call, &number) == CHANNEL_CALL_ANSWERED)
        return number == 0 ? 1 : guest_refuses(id, signal, number, error);
    if (signal_asks_to_end(signal))
        return 0;
    return error_set(error,
                     "container \"%s\": the guest did not take the signal %d within %d seconds: it boots, or "
                     "stands still because its output is not read",
                     id, signal, CHANNEL_CALL_TIMEOUT / 1000);
}

/* `may_be_gone`: nothing to signal is fine. */
static int signal_monitor(const struct state *state, const char *id, int signal, bool may_be_gone,
                          struct error *error)
{
    cleanup_close int pidfd = state_open_process(state);
    if (pidfd >= 0 && pidfd_send_signal(pidfd, signal, NULL, 0) == 0)
        return 0;
    if (pidfd >= 0 && errno != ESRCH)
        return error_errno(error, errno, "cannot signal container \"%s\"", id);
    /* "container not running" is what containerd looks for. */
    return may_be_gone ? 0 : error_set(error, "container not running");
}

int container_kill(const struct runtime *runtime, const char *id, int signal, bool all, struct error *error)
{
    cleanup_state struct state state = {0};
    cleanup_close int directory = container_load(runtime, id, &state, error);
    if (directory < 0)
        return -1;
    int signalled = all ? cgroups_signal(&state.cgroups, signal, error) : 0;
    if (signalled != 0)
        return signalled < 0 ? -1 : 0;
    bool asked = !all && signal_is_for_program(signal) && state_status(directory, &state) == STATUS_RUNNING &&
                 channel_exists(directory);
    int told = asked ? signal_program(directory, id, signal, error) : 0;
    if (told != 0)
        return told < 0 ? -1 : 0;
    /* A guest that was asked to end may have done so before its answer came. */
    return signal_monitor(&state, id, signal, all || asked, error);
}
