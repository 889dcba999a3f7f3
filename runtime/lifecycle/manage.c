#include "runtime/lifecycle/manage.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/lifecycle/monitor_root.h"

static const struct monitor *find_monitor(const struct state *state)
{
    int hypervisor = state->hypervisor != NULL ? hypervisor_from_name(state->hypervisor) : -1;
    return hypervisor < 0 ? NULL : monitor_find((enum hypervisor)hypervisor);
}

int manage_connect(int directory, const struct state *state, struct error *error)
{
    const struct monitor *monitor = find_monitor(state);
    if (monitor != NULL && monitor->makes_socket)
        return monitor_root_connect(state, BOOT_MANAGE_PATH, error);
    return state_connect(directory, MONITOR_SOCKET, SOCK_STREAM, error);
}

int qmp_connect(int directory, struct qmp *qmp, struct error *error)
{
    *qmp = QMP_NONE;
    int fd = state_connect(directory, MONITOR_SOCKET, SOCK_STREAM, error);
    return fd < 0 ? -1 : qmp_open(fd, qmp, error);
}

const struct monitor_management *manage_find(int directory, const struct state *state)
{
    const struct monitor *monitor = find_monitor(state);
    if (monitor == NULL ||
        (!monitor->makes_socket && faccessat(directory, MONITOR_SOCKET, F_OK, AT_SYMLINK_NOFOLLOW) < 0))
        return NULL;
    return monitor->management;
}

bool manage_stop_guest(int directory, const struct state *state)
{
    cleanup_error struct error ignored = {0};
    const struct monitor_management *management = state->guest_stops ? manage_find(directory, state) : NULL;
    if (management == NULL || management->stop_guest == NULL)
        return false;
    int connection = manage_connect(directory, state, &ignored);
    return connection >= 0 && management->stop_guest(connection, &ignored) == 0;
}
