/* linux.resources.memory. */
#include <errno.h>
#include <stdio.h>

#include "formats/base/json.h"
#include "runtime/sandbox/cgroups/limits/limit.h"

/* A limit in bytes with the monitor's share: "max" or -1 for none. */
static void format_bytes(int64_t bytes, uint64_t overhead, char *v1, char *v2, size_t size)
{
    if (bytes < 0 || (uint64_t)bytes > INT64_MAX - overhead) {
        snprintf(v1, size, "-1");
        snprintf(v2, size, "max");
        return;
    }
    snprintf(v1, size, "%llu", (unsigned long long)bytes + overhead);
    snprintf(v2, size, "%llu", (unsigned long long)bytes + overhead);
}

/* In version 1 the limit cannot be above that of memory and swap together, nor that below the limit: which of
 * the two comes first depends on what stands there. */
static int apply_in_order(const struct cgroups *cgroups, const struct limit *limit, const struct limit *swap,
                          struct error *error)
{
    if (limit_apply(cgroups, limit, error) < 0) {
        if (error->number != EINVAL || swap == NULL)
            return -1;
        error_clear(error);
        if (limit_apply(cgroups, swap, error) < 0)
            return -1;
        return limit_apply(cgroups, limit, error);
    }
    return swap != NULL ? limit_apply(cgroups, swap, error) : 0;
}

static int set_bytes(const struct cgroups *cgroups, const json_t *memory, uint64_t overhead,
                     struct error *error)
{
    static const char where[] = RESOURCES "memory.";
    int64_t limit = 0, swap = 0, reservation = 0;
    char v1[24], v2[24];
    if (read_integer(memory, where, "limit", -1, INT64_MAX, &limit, error) < 0 ||
        read_integer(memory, where, "swap", -1, INT64_MAX, &swap, error) < 0 ||
        read_integer(memory, where, "reservation", -1, INT64_MAX, &reservation, error) < 0)
        return -1;
    if (swap > 0 && (limit <= 0 || swap < limit))
        return error_set(error, "%sswap: %lld is memory and swap together, which cannot be below the limit",
                         where, (long long)swap);
    if (reservation != 0) {
        format_bytes(reservation, overhead, v1, v2, sizeof v1);
        const struct limit file = {
            "memory.reservation", CGROUP_MEMORY, "memory.soft_limit_in_bytes", v1, "memory.low", v2};
        if (limit_apply(cgroups, &file, error) < 0)
            return -1;
    }
    /* Version 1 limits memory and swap together, version 2 swap alone. */
    char unused[24], swap_v1[24], swap_v2[24];
    format_bytes(limit, overhead, v1, v2, sizeof v1);
    format_bytes(swap, overhead, swap_v1, unused, sizeof swap_v1);
    format_bytes(swap < 0 ? -1 : swap - limit, 0, unused, swap_v2, sizeof swap_v2);
    const struct limit limit_file = {
        "memory.limit", CGROUP_MEMORY, "memory.limit_in_bytes", v1, "memory.max", v2};
    const struct limit swap_file = {"memory.swap", CGROUP_MEMORY,     "memory.memsw.limit_in_bytes",
                                    swap_v1,       "memory.swap.max", swap_v2};
    if (limit != 0)
        return apply_in_order(cgroups, &limit_file, swap != 0 ? &swap_file : NULL, error);
    return swap != 0 ? limit_apply(cgroups, &swap_file, error) : 0;
}

/* Version 2 has neither. */
static int set_version_1(const struct cgroups *cgroups, const json_t *memory, struct error *error)
{
    static const char where[] = RESOURCES "memory.";
    int64_t swappiness = 0;
    bool keep_alive = false;
    char text[24];
    int found = read_integer(memory, where, "swappiness", 0, 200, &swappiness, error);
    if (found < 0 || read_bool(memory, where, "disableOOMKiller", &keep_alive, error) < 0)
        return -1;
    snprintf(text, sizeof text, "%lld", (long long)swappiness);
    const struct limit swappiness_file = {
        "memory.swappiness", CGROUP_MEMORY, "memory.swappiness", text, NULL, NULL};
    const struct limit oom_file = {
        "memory.disableOOMKiller", CGROUP_MEMORY, "memory.oom_control", "1", NULL, NULL};
    if (found > 0 && limit_apply(cgroups, &swappiness_file, error) < 0)
        return -1;
    return keep_alive ? limit_apply(cgroups, &oom_file, error) : 0;
}

/* Fields without a file. The kernel has given up those of its own memory, which are ignored (with a warning
 * of `create`), as runc does. useHierarchy is how every cgroup is by now, and checkBeforeUpdate is met
 * because a new cgroup uses nothing. */
static int check_without_effect(const json_t *memory, struct error *error)
{
    static const char where[] = RESOURCES "memory.";
    int64_t limit = 0;
    bool ignored = false;
    if (read_integer(memory, where, "kernel", -1, INT64_MAX, &limit, error) < 0 ||
        read_integer(memory, where, "kernelTCP", -1, INT64_MAX, &limit, error) < 0 ||
        read_bool(memory, where, "useHierarchy", &ignored, error) < 0)
        return -1;
    return read_bool(memory, where, "checkBeforeUpdate", &ignored, error);
}

int limit_memory(const struct cgroups *cgroups, const json_t *resources, uint64_t overhead,
                 struct error *error)
{
    const json_t *memory = NULL;
    if (read_object(resources, RESOURCES, "memory", &memory, error) < 0 ||
        check_without_effect(memory, error) < 0 || set_bytes(cgroups, memory, overhead, error) < 0)
        return -1;
    return set_version_1(cgroups, memory, error);
}
