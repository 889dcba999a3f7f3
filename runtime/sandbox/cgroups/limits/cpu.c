/* linux.resources.cpu. */
#include <errno.h>
#include <stdio.h>

#include "formats/base/json.h"
#include "runtime/sandbox/cgroups/limits/limit.h"

enum {
    SHARES_MIN = 2,
    SHARES_MAX = 262144,
};

/* As all runtimes do. */
int64_t cpu_weight(int64_t shares)
{
    if (shares < SHARES_MIN)
        return 1;
    return shares > SHARES_MAX ? 10000 : 1 + (shares - SHARES_MIN) * 9999 / (SHARES_MAX - SHARES_MIN);
}

static int set_cpu_shares(const struct cgroups *cgroups, const json_t *cpu, struct error *error)
{
    int64_t shares = 0;
    if (read_integer(cpu, RESOURCES "cpu.", "shares", 0, INT64_MAX, &shares, error) < 0)
        return -1;
    if (shares == 0)
        return 0;
    shares = shares < SHARES_MIN ? SHARES_MIN : shares > SHARES_MAX ? SHARES_MAX : shares;
    char v1[24], v2[24];
    snprintf(v1, sizeof v1, "%lld", (long long)shares);
    snprintf(v2, sizeof v2, "%lld", (long long)cpu_weight(shares));
    const struct limit file = {"cpu.shares", CGROUP_CPU, "cpu.shares", v1, "cpu.weight", v2};
    return limit_apply(cgroups, &file, error);
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
    char period_text[24];
    snprintf(text, sizeof text, "%lld", (long long)quota);
    snprintf(period_text, sizeof period_text, "%lld", (long long)period);
    const struct limit quota_file = {"cpu.quota", CGROUP_CPU, "cpu.cfs_quota_us", text, "cpu.max", both};
    const struct limit period_file = {"cpu.period", CGROUP_CPU, "cpu.cfs_period_us",
                                      period_text,  "cpu.max",  both};
    if (quota == 0)
        return limit_apply(cgroups, &period_file, error);
    if (period > 0 && limit_apply(cgroups, &period_file, error) < 0) {
        /* Version 1: the old quota may be too much of the new period. */
        if (error->number != EINVAL)
            return -1;
        error_clear(error);
        if (limit_apply(cgroups, &quota_file, error) < 0)
            return -1;
        return limit_apply(cgroups, &period_file, error);
    }
    return limit_apply(cgroups, &quota_file, error);
}

/* In this order: a burst is at most the quota, a runtime at most the period. 0 asks for nothing. */
static int set_cpu_numbers(const struct cgroups *cgroups, const json_t *cpu, struct error *error)
{
    static const struct {
        const char *key;
        const char *name; /* with "cpu." */
        const char *v1_file, *v2_file;
    } numbers[] = {
        {"burst", "cpu.burst", "cpu.cfs_burst_us", "cpu.max.burst"},
        {"idle", "cpu.idle", "cpu.idle", "cpu.idle"},
        {"realtimePeriod", "cpu.realtimePeriod", "cpu.rt_period_us", NULL},
        {"realtimeRuntime", "cpu.realtimeRuntime", "cpu.rt_runtime_us", NULL},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int64_t number = 0;
        char text[24];
        if (read_integer(cpu, RESOURCES "cpu.", numbers[i].key, INT64_MIN, INT64_MAX, &number, error) < 0)
            return -1;
        snprintf(text, sizeof text, "%lld", (long long)number);
        const struct limit file = {numbers[i].name,    CGROUP_CPU, numbers[i].v1_file, text,
                                   numbers[i].v2_file, text};
        if (number != 0 && limit_apply(cgroups, &file, error) < 0)
            return -1;
    }
    return 0;
}

/* A burst is at most the quota: which of them comes first depends on what stands there. */
static int set_quota_and_numbers(const struct cgroups *cgroups, const json_t *cpu, struct error *error)
{
    if (set_cpu_quota(cgroups, cpu, error) < 0) {
        if (error->number != EINVAL)
            return -1;
        error_clear(error);
        if (set_cpu_numbers(cgroups, cpu, error) < 0)
            return -1;
        return set_cpu_quota(cgroups, cpu, error);
    }
    return set_cpu_numbers(cgroups, cpu, error);
}

int limit_cpu(const struct cgroups *cgroups, const json_t *resources, struct error *error)
{
    static const char where[] = RESOURCES "cpu.";
    const json_t *cpu = NULL;
    const char *cpus = NULL, *mems = NULL;
    if (read_object(resources, RESOURCES, "cpu", &cpu, error) < 0 ||
        set_cpu_shares(cgroups, cpu, error) < 0 || set_quota_and_numbers(cgroups, cpu, error) < 0 ||
        read_string(cpu, where, "cpus", &cpus, error) < 0 ||
        read_string(cpu, where, "mems", &mems, error) < 0)
        return -1;
    const struct limit cpus_file = {"cpu.cpus", CGROUP_CPUSET, "cpuset.cpus", cpus, "cpuset.cpus", cpus};
    const struct limit mems_file = {"cpu.mems", CGROUP_CPUSET, "cpuset.mems", mems, "cpuset.mems", mems};
    if (cpus != NULL && *cpus != '\0' && limit_apply(cgroups, &cpus_file, error) < 0)
        return -1;
    return mems != NULL && *mems != '\0' ? limit_apply(cgroups, &mems_file, error) : 0;
}
