/* Freezing what runs in a container's cgroups (the kernel's cgroup-v2.rst, "cgroup.freeze";
 * cgroup-v1/freezer-subsystem.rst). */
#ifndef RUNTIME_SANDBOX_CGROUPS_FREEZER_H
#define RUNTIME_SANDBOX_CGROUPS_FREEZER_H

#include "runtime/sandbox/cgroups/cgroups.h"

/* Freezes all processes in them and waits until they stand still; what cannot be frozen in ten seconds is
 * thawed again. An error where none of the cgroups is the container's and has a freezer. */
int cgroups_freeze(const struct cgroups *cgroups, struct error *error);
/* Likewise lets them go on. */
int cgroups_thaw(const struct cgroups *cgroups, struct error *error);

/* True if they were frozen by cgroups_freeze, or by whoever does the same, and not with a cgroup above. */
bool cgroups_are_frozen(const struct cgroups *cgroups);

#endif
