/* Monitors that are managed by HTTP. */
#ifndef RUNTIME_MONITORS_API_API_H
#define RUNTIME_MONITORS_API_API_H

#include "runtime/monitors/monitor.h"

extern const struct monitor_management firecracker_management, cloud_hypervisor_management;

#endif
