#include "runtime/lifecycle/manage.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int manage_connect(int directory, struct error *error)
{
    return state_connect(directory, MONITOR_SOCKET, SOCK_STREAM, error);
}

int qmp_connect(int directory, struct qmp *qmp, struct error *error)
{
    *qmp = QMP_NONE;
    int fd = manage_connect(directory, error);
    return fd < 0 ? -1 : qmp_open(fd, qmp, error);
}

const struct monitor_management *manage_find(int directory, const struct state *state)
{
    int hypervisor = state->hypervisor != NULL ? hypervisor_from_name(state->hypervisor) : -1;
    if (hypervisor < 0 || faccessat(directory, MONITOR_SOCKET, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return NULL;
    const struct monitor *monitor = monitor_find((enum hypervisor)hypervisor);
    return monitor != NULL ? monitor->management : NULL;
}

bool manage_stop_guest(int directory, const struct state *state)
{
    cleanup_error struct error ignored = {0};
    const struct monitor_management *management = state->guest_stops ? manage_find(directory, state) : NULL;
    if (management == NULL)
        return false;
    int connection = manage_connect(directory, &ignored);
    return connection >= 0 && management->stop_guest(connection, &ignored) == 0;
}
