/* How the kernel treats a process among others: process.scheduler, process.ioPriority and linux.memoryPolicy.
 * All three outlive execve(2), and threads inherit them. */
#ifndef RUNTIME_SANDBOX_SCHEDULING_H
#define RUNTIME_SANDBOX_SCHEDULING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "formats/base/error.h"

enum { MEMORY_NODES = 1024 }; /* of NUMA, that Linux can have */

/* As sched_setattr(2) takes it; the C library has neither the call nor the structure. */
struct scheduler {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime; /* nanoseconds, like the next two */
    uint64_t deadline;
    uint64_t period;
};

struct scheduling {
    bool has_scheduler;
    struct scheduler scheduler;
    int io_priority; /* as ioprio_set(2) takes it; 0: not given */
    bool has_memory_policy;
    int memory_mode; /* as set_mempolicy(2) takes it, flags included */
    unsigned long memory_nodes[MEMORY_NODES / (8 * sizeof(unsigned long))];
};

/* Reads process.scheduler and process.ioPriority. Values that the specification or the kernel does not have
 * are errors. */
int scheduling_read(const json_t *process, const char *file, struct scheduling *scheduling,
                    struct error *error);
/* Reads linux.memoryPolicy. */
int memory_policy_read(const json_t *linux_object, const char *file, struct scheduling *scheduling,
                       struct error *error);

/* Sets what is given for the calling process. Real-time classes need CAP_SYS_NICE. */
int scheduling_apply(const struct scheduling *scheduling, struct error *error);

/* Reads a list of numbers below `count`, "0-3,7", and sets their bits; `field` stands in errors. */
int number_list_read(const char *text, const char *field, unsigned count, unsigned long *bits,
                     struct error *error);

#endif
