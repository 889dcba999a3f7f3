/* linux.resources (runtime-spec, config-linux.md, "Control groups") written to the cgroups' files. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/cgroups.h"

#define RESOURCES "config.json: linux.resources."

static const struct cgroup *find(const struct cgroups *cgroups, unsigned controller)
{
    for (size_t i = 0; i < cgroups->count; i++)
        if (cgroups->items[i].controllers & controller)
            return &cgroups->items[i];
    return NULL;
}

/* Writes `v1` or `v2` (file and value), whichever the controller's hierarchy is; a file of NULL: nothing to
 * do there. */
struct limit {
    const char *key; /* for the error: "memory.limit" */
    unsigned controller;
    const char *v1_file, *v1_value;
    const char *v2_file, *v2_value;
};

static int apply(const struct cgroups *cgroups, const struct limit *limit, struct error *error)
{
    const struct cgroup *cgroup = find(cgroups, limit->controller);
    if (cgroup == NULL)
        return error_set(error, RESOURCES "%s: this host has no such controller to write to", limit->key);
    const char *file = cgroup->v2 ? limit->v2_file : limit->v1_file;
    const char *value = cgroup->v2 ? limit->v2_value : limit->v1_value;
    if (file == NULL || cgroup_write(cgroup, file, value, error) == 0)
        return 0;
    return error_prefix(error, RESOURCES "%s", limit->key);
}

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

static int set_memory(const struct cgroups *cgroups, const json_t *resources, uint64_t overhead,
                      struct error *error)
{
    static const char where[] = RESOURCES "memory.";
    const json_t *memory = NULL;
    int64_t limit = 0, swap = 0, reservation = 0;
    char v1[24], v2[24];
    if (read_object(resources, RESOURCES, "memory", &memory, error) < 0 ||
        read_integer(memory, where, "limit", -1, INT64_MAX, &limit, error) < 0 ||
        read_integer(memory, where, "swap", -1, INT64_MAX, &swap, error) < 0 ||
        read_integer(memory, where, "reservation", -1, INT64_MAX, &reservation, error) < 0)
        return -1;
    if (limit != 0) {
        format_bytes(limit, overhead, v1, v2, sizeof v1);
        const struct limit file = {
            "memory.limit", CGROUP_MEMORY, "memory.limit_in_bytes", v1, "memory.max", v2};
        if (apply(cgroups, &file, error) < 0)
            return -1;
    }
    if (reservation != 0) {
        format_bytes(reservation, overhead, v1, v2, sizeof v1);
        const struct limit file = {
            "memory.reservation", CGROUP_MEMORY, "memory.soft_limit_in_bytes", v1, "memory.low", v2};
        if (apply(cgroups, &file, error) < 0)
            return -1;
    }
    if (swap == 0)
        return 0;
    if (swap > 0 && (limit <= 0 || swap < limit))
        return error_set(error, "%sswap: %lld is memory and swap together, which cannot be below the limit",
                         where, (long long)swap);
    /* Version 1 limits memory and swap together, version 2 swap alone. */
    char unused[24];
    format_bytes(swap, overhead, v1, unused, sizeof v1);
    format_bytes(swap < 0 ? -1 : swap - limit, 0, unused, v2, sizeof v2);
    const struct limit file = {
        "memory.swap", CGROUP_MEMORY, "memory.memsw.limit_in_bytes", v1, "memory.swap.max", v2};
    return apply(cgroups, &file, error);
}

static int set_cpu_shares(const struct cgroups *cgroups, const json_t *cpu, struct error *error)
{
    int64_t shares = 0;
    if (read_integer(cpu, RESOURCES "cpu.", "shares", 0, INT64_MAX, &shares, error) < 0)
        return -1;
    if (shares == 0)
        return 0;
    shares = shares < 2 ? 2 : shares > 262144 ? 262144 : shares;
    char v1[24], v2[24];
    snprintf(v1, sizeof v1, "%lld", (long long)shares);
    /* 2..262144 onto 1..10000, as all runtimes do. */
    snprintf(v2, sizeof v2, "%lld", 1 + ((long long)shares - 2) * 9999 / 262142);
    const struct limit file = {"cpu.shares", CGROUP_CPU, "cpu.shares", v1, "cpu.weight", v2};
    return apply(cgroups, &file, error);
}

static int set_cpu_quota(const struct cgroups *cgroups, const json_t *cpu, struct error *error)
{
    int64_t quota = 0, period = 0;
    if (read_integer(cpu, RESOURCES "cpu.", "quota", -1, INT64_MAX, &quota, error) < 0 ||
        read_integer(cpu, RESOURCES "cpu.", "period", 0, INT64_MAX, &period, error) < 0)
        return -1;
    if (quota == 0 && period == 0)
        return 0;
    char text[24], both[56];
    if (quota > 0)
        snprintf(both, sizeof both, "%lld %lld", (long long)quota, (long long)(period > 0 ? period : 100000));
    else
        snprintf(both, sizeof both, "max %lld", (long long)(period > 0 ? period : 100000));
    if (period > 0) {
        snprintf(text, sizeof text, "%lld", (long long)period);
        const struct limit file = {"cpu.period", CGROUP_CPU, "cpu.cfs_period_us", text, "cpu.max", both};
        if (apply(cgroups, &file, error) < 0)
            return -1;
    }
    if (quota == 0)
        return 0;
    snprintf(text, sizeof text, "%lld", (long long)quota);
    const struct limit file = {"cpu.quota", CGROUP_CPU, "cpu.cfs_quota_us", text, "cpu.max", both};
    return apply(cgroups, &file, error);
}

static int set_cpu(const struct cgroups *cgroups, const json_t *resources, struct error *error)
{
    static const char where[] = RESOURCES "cpu.";
    const json_t *cpu = NULL;
    const char *cpus = NULL, *mems = NULL;
    if (read_object(resources, RESOURCES, "cpu", &cpu, error) < 0 ||
        set_cpu_shares(cgroups, cpu, error) < 0 || set_cpu_quota(cgroups, cpu, error) < 0 ||
        read_string(cpu, where, "cpus", &cpus, error) < 0 ||
        read_string(cpu, where, "mems", &mems, error) < 0)
        return -1;
    const struct limit cpus_file = {"cpu.cpus", CGROUP_CPUSET, "cpuset.cpus", cpus, "cpuset.cpus", cpus};
    const struct limit mems_file = {"cpu.mems", CGROUP_CPUSET, "cpuset.mems", mems, "cpuset.mems", mems};
    if (cpus != NULL && *cpus != '\0' && apply(cgroups, &cpus_file, error) < 0)
        return -1;
    return mems != NULL && *mems != '\0' ? apply(cgroups, &mems_file, error) : 0;
}

static int set_pids(const struct cgroups *cgroups, const json_t *resources, struct error *error)
{
    const json_t *pids = NULL;
    int64_t limit = 0;
    char text[24] = "max";
    if (read_object(resources, RESOURCES, "pids", &pids, error) < 0)
        return -1;
    int found = read_integer(pids, RESOURCES "pids.", "limit", INT64_MIN, INT64_MAX, &limit, error);
    if (found <= 0)
        return found;
    /* No limit asks for nothing, so a missing controller is fine. */
    if (limit <= 0 && find(cgroups, CGROUP_PIDS) == NULL)
        return 0;
    if (limit > 0)
        snprintf(text, sizeof text, "%lld", (long long)limit);
    const struct limit file = {"pids.limit", CGROUP_PIDS, "pids.max", text, "pids.max", text};
    return apply(cgroups, &file, error);
}

/* linux.resources.unified: names of files of version 2 and what to write. */
static int set_unified(const struct cgroups *cgroups, const json_t *resources, struct error *error)
{
    const json_t *unified = NULL;
    if (read_object(resources, RESOURCES, "unified", &unified, error) < 0)
        return -1;
    const struct cgroup *v2 = NULL;
    for (size_t i = 0; i < cgroups->count && v2 == NULL; i++)
        if (cgroups->items[i].v2)
            v2 = &cgroups->items[i];
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)unified, key, value) {
        const char *text = json_string_value(value);
        if (text == NULL)
            return error_set(error, RESOURCES "unified.%s: not a string", key);
        if (strchr(key, '/') != NULL || strchr(key, '.') == NULL || strstr(key, "..") != NULL ||
            strncmp(key, "cgroup.", 7) == 0)
            return error_set(error, RESOURCES "unified.%s: no limit has this name", key);
        if (v2 == NULL)
            return error_set(error, RESOURCES "unified.%s: this host has no cgroups of version 2", key);
        if (cgroup_write(v2, key, text, error) < 0)
            return error_prefix(error, RESOURCES "unified.%s", key);
    }
    return 0;
}

int cgroups_set_limits(const struct cgroups *cgroups, const json_t *resources, uint64_t overhead,
                       struct error *error)
{
    if (set_memory(cgroups, resources, overhead, error) < 0 || set_cpu(cgroups, resources, error) < 0 ||
        set_pids(cgroups, resources, error) < 0)
        return -1;
    return set_unified(cgroups, resources, error);
}
