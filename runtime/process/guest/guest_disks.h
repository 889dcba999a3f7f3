/*
 * The guest's disks on their way to the monitor.
 *
 * Most monitors get them opened. Some open them by name, in the private root and as the monitor's user, who
 * may not be allowed to: block images mostly belong to root. Such a disk is mounted so that it appears as
 * that user's (an idmapped mount). Where the file system cannot do that (overlayfs), the monitor runs as the
 * disks' owner instead, as always without any capability.
 */
#ifndef RUNTIME_PROCESS_GUEST_GUEST_DISKS_H
#define RUNTIME_PROCESS_GUEST_GUEST_DISKS_H

#include "runtime/process/guest/guest_setup.h"

/* Makes the disks' mounts. Called by `create`, with the privileges of the host. */
int guest_disks_mount(const struct bundle *bundle, struct guest_setup *setup, struct error *error);

/* The owner of the disks as the calling process sees it, where the monitor has to be that user: returns 1,
 * else 0; an error where they are of several. */
int guest_disks_owner(const struct guest_setup *setup, struct identity *owner, struct error *error);

/* In the private root and as the monitor's user: that it can open what it will open by name. */
int guest_disks_check(const struct guest_setup *setup, struct error *error);

#endif
