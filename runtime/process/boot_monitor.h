/* The container's process from `start` on: it becomes the monitor. */
#ifndef RUNTIME_PROCESS_BOOT_MONITOR_H
#define RUNTIME_PROCESS_BOOT_MONITOR_H

#include "runtime/process/container.h"

/* `connection` is the one to `start`. Returns only on failure. */
int boot_monitor(struct container *container, int connection, struct error *error);

#endif
