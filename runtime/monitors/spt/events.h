/* What the guest waits for: an epoll set of its network devices and a timer. */
#ifndef RUNTIME_MONITORS_SPT_EVENTS_H
#define RUNTIME_MONITORS_SPT_EVENTS_H

#include "formats/base/error.h"
#include "runtime/monitors/spt/abi.h"

/* Opens both into info->epoll and info->timer. An event's number is its entry's in the manifest, or
 * SPT_TIMER_EVENT. */
int spt_events_open(const struct spt_manifest *manifest, struct spt_boot_info *info, struct error *error);

#endif
