/* QEMU: what is done to it while it runs, by its machine protocol. */
#include "runtime/monitors/qemu.h"
#include "runtime/monitors/qmp.h"

static int stop_guest(int connection, struct error *error)
{
    cleanup_qmp struct qmp qmp = QMP_NONE;
    if (qmp_open(connection, &qmp, error) < 0)
        return -1;
    return qmp_do(&qmp, "system_powerdown", NULL, -1, error);
}

const struct monitor_management qemu_management = {
    .stop_guest = stop_guest,
};
