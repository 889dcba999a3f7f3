/* Being told that the kernel ended a process of the container for want of memory. */
#ifndef RUNTIME_SANDBOX_CGROUPS_STATS_OOM_H
#define RUNTIME_SANDBOX_CGROUPS_STATS_OOM_H

#include "runtime/sandbox/cgroups/cgroups.h"

struct oom_watch {
    int fd;       /* poll(2) it for `events`; -1: there is nothing to watch; owned */
    short events; /* POLLIN or POLLPRI */
    bool v2;
    int64_t killed; /* version 2: processes so far */
    int control;    /* version 1: kept open with the notification; owned */
};

#define OOM_WATCH_NONE ((struct oom_watch){.fd = -1, .control = -1})

/* A container without a memory controller is watched by nothing, which is no error. */
int oom_watch_open(const struct cgroups *cgroups, struct oom_watch *watch, struct error *error);
/* True if it happened since the last call. Does not wait. */
bool oom_watch_happened(struct oom_watch *watch);
void oom_watch_close(struct oom_watch *watch);
#define cleanup_oom_watch __attribute__((cleanup(oom_watch_close)))

#endif
