/* The management socket of a container's monitor. */
#ifndef RUNTIME_LIFECYCLE_MANAGE_H
#define RUNTIME_LIFECYCLE_MANAGE_H

#include "formats/base/error.h"
#include "runtime/monitors/qmp.h"

/* Connects to it, for one conversation in QEMU's protocol. error->number is ENOENT where the monitor has no
 * such socket, ECONNREFUSED where it has ended. The monitor must run: before `start` nobody answers. */
int qmp_connect(int directory, struct qmp *qmp, struct error *error);

#endif
