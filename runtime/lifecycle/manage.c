#include "runtime/lifecycle/manage.h"

#include <sys/socket.h>

#include "runtime/lifecycle/state.h"

int qmp_connect(int directory, struct qmp *qmp, struct error *error)
{
    *qmp = QMP_NONE;
    int fd = state_connect(directory, MONITOR_SOCKET, SOCK_STREAM, error);
    return fd < 0 ? -1 : qmp_open(fd, qmp, error);
}
