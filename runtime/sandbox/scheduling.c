#include "runtime/sandbox/scheduling.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"

enum {
    NICE_MIN = -20,
    NICE_MAX = 19,
    PRIORITY_MAX = 99,
    MODE_WEIGHTED_INTERLEAVE = 6, /* MPOL_WEIGHTED_INTERLEAVE, of Linux 6.9 */
};

/* Names of config.json and the kernel's numbers; each ends with a NULL name. */
struct named_number {
    const char *name;
    uint32_t value;
};

/* SCHED_ISO of the specification is a number without a policy: no kernel has it. */
static const struct named_number policies[] = {
    {"SCHED_OTHER", SCHED_NORMAL},
    {"SCHED_FIFO", SCHED_FIFO},
    {"SCHED_RR", SCHED_RR},
    {"SCHED_BATCH", SCHED_BATCH},
    {"SCHED_IDLE", SCHED_IDLE},
    {"SCHED_DEADLINE", SCHED_DEADLINE},
    {NULL, 0},
};

static const struct named_number scheduler_flags[] = {
    {"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
    {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
    {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
    {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
    {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
    {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
    {NULL, 0},
};

static const struct named_number io_classes[] = {
    {"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
    {"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
    {"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE},
    {NULL, 0},
};

static const struct named_number memory_modes[] = {
    {"MPOL_DEFAULT", MPOL_DEFAULT},
    {"MPOL_PREFERRED", MPOL_PREFERRED},
    {"MPOL_BIND", MPOL_BIND},
    {"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
    {"MPOL_LOCAL", MPOL_LOCAL},
    {"MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY},
    {"MPOL_WEIGHTED_INTERLEAVE", MODE_WEIGHTED_INTERLEAVE},
    {NULL, 0},
};

static const struct named_number memory_flags[] = {
    {"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
    {"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
    {"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
    {NULL, 0},
};

static const struct named_number *find(const struct named_number *names, const char *name)
{
    for (; names->name != NULL; names++)
        if (strcmp(names->name, name) == 0)
            return names;
    return NULL;
}

static int require_name(const json_t *object, const char *where, const char *key,
                        const struct named_number *names, uint32_t *value, struct error *error)
{
    const char *name = NULL;
    if (require_string(object, where, key, &name, error) < 0)
        return -1;
    const struct named_number *found = find(names, name);
    if (found == NULL)
        return error_set(error, "%s%s: \"%s\" is not known", where, key, name);
    *value = found->value;
    return 0;
}

/* The array "flags" of an object, as one number. */
static int read_flags(const json_t *object, const char *where, const struct named_number *names,
                      uint32_t *value, struct error *error)
{
    cleanup_strings struct strings flags = {0};
    if (read_strings(object, where, "flags", &flags, error) < 0)
        return -1;
    for (size_t i = 0; i < flags.count; i++) {
        const struct named_number *found = find(names, flags.items[i]);
        if (found == NULL)
            return error_set(error, "%sflags[%zu]: \"%s\" is not known", where, i, flags.items[i]);
        *value |= found->value;
    }
    return 0;
}

/* ---- reading ---- */

/* Fields of another policy would be ignored by the kernel, or refused without saying which. */
static int check_policy(const struct scheduler *scheduler, const char *where, struct error *error)
{
    bool real_time = scheduler->policy == SCHED_FIFO || scheduler->policy == SCHED_RR;
    bool timed = scheduler->runtime != 0 || scheduler->deadline != 0 || scheduler->period != 0;
    if (real_time && scheduler->priority == 0)
        return error_set(error, "%spriority: SCHED_FIFO and SCHED_RR need one from 1 to %d", where,
                         PRIORITY_MAX);
    if (!real_time && scheduler->priority != 0)
        return error_set(error, "%spriority: only SCHED_FIFO and SCHED_RR have one", where);
    if (scheduler->policy != SCHED_DEADLINE && timed)
        return error_set(error, "%sruntime, deadline, period: only SCHED_DEADLINE has them", where);
    return 0;
}

static int read_scheduler(const json_t *object, const char *where, struct scheduling *scheduling,
                          struct error *error)
{
    struct scheduler *scheduler = &scheduling->scheduler;
    int64_t nice = 0, priority = 0;
    uint32_t flags = 0;
    *scheduler = (struct scheduler){.size = sizeof *scheduler};
    if (require_name(object, where, "policy", policies, &scheduler->policy, error) < 0 ||
        read_integer(object, where, "nice", NICE_MIN, NICE_MAX, &nice, error) < 0 ||
        read_integer(object, where, "priority", 0, PRIORITY_MAX, &priority, error) < 0 ||
        read_flags(object, where, scheduler_flags, &flags, error) < 0 ||
        read_uint64(object, where, "runtime", &scheduler->runtime, error) < 0 ||
        read_uint64(object, where, "deadline", &scheduler->deadline, error) < 0 ||
        read_uint64(object, where, "period", &scheduler->period, error) < 0)
        return -1;
    scheduler->nice = (int32_t)nice;
    scheduler->priority = (uint32_t)priority;
    scheduler->flags = flags;
    scheduling->has_scheduler = true;
    return check_policy(scheduler, where, error);
}

static int read_io_priority(const json_t *object, const char *where, struct scheduling *scheduling,
                            struct error *error)
{
    uint32_t class = 0;
    int64_t priority = 0;
    if (require_name(object, where, "class", io_classes, &class, error) < 0 ||
        read_integer(object, where, "priority", 0, IOPRIO_NR_LEVELS - 1, &priority, error) < 0)
        return -1;
    scheduling->io_priority = (int)(class << IOPRIO_CLASS_SHIFT | (uint32_t)priority);
    return 0;
}

int scheduling_read(const json_t *process, const char *file, struct scheduling *scheduling,
                    struct error *error)
{
    cleanup_free char *outer = xasprintf("%s: process.", file);
    cleanup_free char *scheduler_place = xasprintf("%sscheduler.", outer);
    cleanup_free char *io_place = xasprintf("%sioPriority.", outer);
    const json_t *scheduler = NULL, *io_priority = NULL;
    if (read_object(process, outer, "scheduler", &scheduler, error) < 0 ||
        read_object(process, outer, "ioPriority", &io_priority, error) < 0)
        return -1;
    if (scheduler != NULL && read_scheduler(scheduler, scheduler_place, scheduling, error) < 0)
        return -1;
    return io_priority != NULL ? read_io_priority(io_priority, io_place, scheduling, error) : 0;
}

/* One number of a list; -1 where there is none, or it is too large. */
static long read_number(const char **text, unsigned count)
{
    if (**text < '0' || **text > '9')
        return -1;
    char *end = NULL;
    unsigned long number = strtoul(*text, &end, 10); /* beyond a long it is ULONG_MAX */
    *text = end;
    return number < count ? (long)number : -1;
}

int number_list_read(const char *text, const char *field, unsigned count, unsigned long *bits,
                     struct error *error)
{
    const unsigned width = 8 * sizeof *bits;
    for (const char *c = text; *c != '\0';) {
        long first = read_number(&c, count), last = first;
        if (first >= 0 && *c == '-') {
            c++;
            last = read_number(&c, count);
        }
        if (first < 0 || last < first || (*c != '\0' && *c != ',') || (*c == ',' && c[1] == '\0'))
            return error_set(error, "%s: \"%.100s\" is not a list of numbers below %u like 0-3,7", field,
                             text, count);
        for (long number = first; number <= last; number++)
            bits[(unsigned long)number / width] |= 1UL << ((unsigned long)number % width);
        c += *c == ',' ? 1 : 0;
    }
    return 0;
}

int memory_policy_read(const json_t *linux_object, const char *file, struct scheduling *scheduling,
                       struct error *error)
{
    cleanup_free char *outer = xasprintf("%s: linux.", file);
    cleanup_free char *where = xasprintf("%smemoryPolicy.", outer);
    cleanup_free char *nodes_field = xasprintf("%snodes", where);
    const json_t *object = NULL;
    const char *nodes = "";
    uint32_t mode = 0, flags = 0;
    if (read_object(linux_object, outer, "memoryPolicy", &object, error) < 0)
        return -1;
    if (object == NULL)
        return 0;
    if (require_name(object, where, "mode", memory_modes, &mode, error) < 0 ||
        read_flags(object, where, memory_flags, &flags, error) < 0 ||
        read_string(object, where, "nodes", &nodes, error) < 0 ||
        number_list_read(nodes, nodes_field, MEMORY_NODES, scheduling->memory_nodes, error) < 0)
        return -1;
    if ((mode == MPOL_DEFAULT || mode == MPOL_LOCAL) && *nodes != '\0')
        return error_set(error, "%s: MPOL_DEFAULT and MPOL_LOCAL take none", nodes_field);
    scheduling->memory_mode = (int)(mode | flags);
    scheduling->has_memory_policy = true;
    return 0;
}

/* ---- applying ---- */

static int apply_memory_policy(const struct scheduling *scheduling, struct error *error)
{
    /* The kernel takes the number of bits plus one. */
    if (syscall(SYS_set_mempolicy, scheduling->memory_mode, scheduling->memory_nodes, MEMORY_NODES + 1) == 0)
        return 0;
    return error_errno(error, errno, "config.json: linux.memoryPolicy: cannot be set");
}

static int apply_scheduler(const struct scheduler *scheduler, struct error *error)
{
    static const char field[] = "config.json: process.scheduler";
    if (syscall(SYS_sched_setattr, 0, scheduler, 0) == 0)
        return 0;
    if (errno != EPERM)
        return error_errno(error, errno, "%s: cannot be set", field);
    return error_set(error,
                     "%s: not permitted: it needs CAP_SYS_NICE, and in a cgroup of version 1 a "
                     "linux.resources.cpu.realtimeRuntime",
                     field);
}

int scheduling_apply(const struct scheduling *scheduling, struct error *error)
{
    if (scheduling->has_scheduler && apply_scheduler(&scheduling->scheduler, error) < 0)
        return -1;
    if (scheduling->io_priority != 0 &&
        syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, scheduling->io_priority) < 0)
        return error_errno(error, errno, "config.json: process.ioPriority: cannot be set");
    return scheduling->has_memory_policy ? apply_memory_policy(scheduling, error) : 0;
}
