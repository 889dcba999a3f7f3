/* What the cgroups above the container's leave to it. */
#ifndef RUNTIME_SANDBOX_CGROUPS_ROOM_H
#define RUNTIME_SANDBOX_CGROUPS_ROOM_H

#include "runtime/sandbox/cgroups/cgroups.h"

#define CGROUP_NO_LIMIT UINT64_MAX

/* Bytes of memory; CGROUP_NO_LIMIT: as much as the host has. */
struct cgroup_room {
    uint64_t limit; /* the least limit of a cgroup above: a pod's */
    uint64_t left;  /* what is left of it by the limits of those beside the container's */
};

/* Also for cgroups that were planned and not made yet. */
struct cgroup_room cgroups_memory_room(const struct cgroups *cgroups);

/* Bytes that the container uses; 0 where that is not known. */
uint64_t cgroups_memory_usage(const struct cgroups *cgroups);

#endif
