/* The monitor drivers, for the table in monitor.c. */
#ifndef RUNTIME_MONITORS_DRIVERS_H
#define RUNTIME_MONITORS_DRIVERS_H

#include "runtime/monitors/monitor.h"

extern const struct monitor monitor_qemu;

#endif
