/* Signalling a container. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/pidfd.h>

#include "formats/base/cleanup.h"
#include "runtime/lifecycle/container.h"

int signal_from_name(const char *name)
{
    if (isdigit((unsigned char)name[0])) {
        char *end;
        long number = strtol(name, &end, 10);
        return *end == '\0' && number >= 1 && number <= SIGRTMAX ? (int)number : -1;
    }
    if (strncasecmp(name, "SIG", 3) == 0)
        name += 3;
    for (int number = 1; number < NSIG; number++) {
        const char *known = sigabbrev_np(number);
        if (known != NULL && strcasecmp(known, name) == 0)
            return number;
    }
    /* "RTMIN+3", of which systemd is fond. */
    if (strncasecmp(name, "RTMIN+", 6) == 0 && isdigit((unsigned char)name[6]) && strlen(name) <= 8) {
        int number = SIGRTMIN + atoi(name + 6);
        return number <= SIGRTMAX ? number : -1;
    }
    return strcasecmp(name, "RTMIN") == 0 ? SIGRTMIN : strcasecmp(name, "RTMAX") == 0 ? SIGRTMAX : -1;
}

int container_kill(const struct runtime *runtime, const char *id, int signal, bool all, struct error *error)
{
    cleanup_state struct state state = {0};
    cleanup_close int directory = container_load(runtime, id, &state, error);
    if (directory < 0)
        return -1;
    if (all && state.cgroups.count > 0)
        return cgroups_signal(&state.cgroups, signal, error) < 0 ? -1 : 0;
    cleanup_close int pidfd = state_open_process(&state);
    /* With --all, nothing to signal is fine. "container not running" is what containerd looks for. */
    if (pidfd < 0)
        return all ? 0 : error_set(error, "container not running");
    if (pidfd_send_signal(pidfd, signal, NULL, 0) < 0)
        return errno == ESRCH ? error_set(error, "container not running")
                              : error_errno(error, errno, "cannot signal container \"%s\"", id);
    return 0;
}
