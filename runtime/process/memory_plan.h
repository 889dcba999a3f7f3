/*
 * How a container's memory is shared between the guest and its monitor.
 *
 * A limit of the bundle is meant for the guest; the monitor needs some beside it. Where the cgroups above
 * leave room for that (a pod with the overhead of a RuntimeClass), the container's cgroup gets both. Where
 * they do not, the limit holds for both, and the guest gets what the monitor leaves. docs/memory.md
 */
#ifndef RUNTIME_PROCESS_MEMORY_PLAN_H
#define RUNTIME_PROCESS_MEMORY_PLAN_H

#include <stdint.h>

#include "formats/base/error.h"
#include "runtime/sandbox/cgroups/room.h"

/* All in bytes; 0: not said. */
struct memory_question {
    const char *framework; /* for errors */
    uint64_t limit;        /* linux.resources.memory.limit */
    uint64_t asked;        /* by the image */
    uint64_t configured;   /* the guest's where there is neither */
    uint64_t needed;       /* by the framework, at the least */
    uint64_t overhead;     /* that the monitor may have beside the guest */
    uint64_t footprint;    /* that it was measured to need */
    struct cgroup_room room;
};

struct memory_plan {
    uint64_t guest;
    uint64_t overhead;  /* on top of the limit, for the container's cgroup */
    uint64_t footprint; /* of the monitor; the question's */
};

/* Before the container is made. */
int memory_plan(const struct memory_question *question, struct memory_plan *plan, struct error *error);

/* For another limit of a container whose guest has its memory: only `limit`, `overhead` and `room` of the
 * question count. plan->overhead becomes that of the new limit; an error where it does not hold the guest. */
int memory_plan_again(const struct memory_question *question, struct memory_plan *plan, struct error *error);

#endif
