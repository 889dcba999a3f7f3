/* What is done to a container's running monitor, over its management socket. */
#ifndef RUNTIME_LIFECYCLE_MANAGE_H
#define RUNTIME_LIFECYCLE_MANAGE_H

#include "formats/base/error.h"
#include "runtime/lifecycle/state.h"
#include "runtime/monitors/monitor.h"
#include "runtime/monitors/qemu/qmp.h"

/* Connects to the socket, for one conversation in QEMU's protocol. error->number is ENOENT where the monitor
 * has no such socket, ECONNREFUSED where it has ended. The monitor must run: before `start` nobody answers.
 */
int qmp_connect(int directory, struct qmp *qmp, struct error *error);

/* What the container's monitor can be told; NULL where it is not managed. */
const struct monitor_management *manage_find(int directory, const struct state *state);

/* Connects to the socket (owned). error->number is ECONNREFUSED or ENOENT where nobody listens. */
int manage_connect(int directory, const struct state *state, struct error *error);

/* Asks the guest to end. False where it does not listen, or its monitor does not ask. */
bool manage_stop_guest(int directory, const struct state *state);

#endif
