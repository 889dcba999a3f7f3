#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>

#include "formats/base/cleanup.h"
#include "runtime/lifecycle/lifecycle.h"

int container_kill(const struct runtime *runtime, const char *id, int signal, bool all, struct error *error)
{
    cleanup_state struct state state = {0};
    cleanup_close int directory = container_load(runtime, id, &state, error);
    if (directory < 0)
        return -1;
    int signalled = all ? cgroups_signal(&state.cgroups, signal, error) : 0;
    if (signalled != 0)
        return signalled < 0 ? -1 : 0;
    cleanup_close int pidfd = state_open_process(&state);
    /* With --all, nothing to signal is fine. "container not running" is what containerd looks for. */
    if (pidfd < 0)
        return all ? 0 : error_set(error, "container not running");
    if (pidfd_send_signal(pidfd, signal, NULL, 0) < 0)
        return errno == ESRCH ? error_set(error, "container not running")
                              : error_errno(error, errno, "cannot signal container \"%s\"", id);
    return 0;
}
