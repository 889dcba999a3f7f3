/* QEMU: what is done to it while it runs, by its machine protocol. */
#include "runtime/monitors/qemu.h"
#include "runtime/monitors/qmp.h"

static int execute(int connection, const char *command, struct error *error)
{
    cleanup_qmp struct qmp qmp = QMP_NONE;
    if (qmp_open(connection, &qmp, error) < 0)
        return -1;
    return qmp_do(&qmp, command, NULL, -1, error);
}

static int stop_guest(int connection, struct error *error)
{
    return execute(connection, "system_powerdown", error);
}

static int pause_machine(int connection, struct error *error)
{
    return execute(connection, "stop", error);
}

static int resume_machine(int connection, struct error *error)
{
    return execute(connection, "cont", error);
}

const struct monitor_management qemu_management = {
    .stop_guest = stop_guest,
    .pause = pause_machine,
    .resume = resume_machine,
};
