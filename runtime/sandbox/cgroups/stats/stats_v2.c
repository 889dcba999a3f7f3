#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/cgroups/files.h"
#include "runtime/sandbox/cgroups/stats/stats.h"

/* What stands behind "NAME=" in a line, or NULL. */
static const char *text_behind(const char *line, const char *name)
{
    const char *found = strstr(line, name);
    return found != NULL && found[strlen(name)] == '=' ? found + strlen(name) + 1 : NULL;
}

static double share_behind(const char *line, const char *name)
{
    const char *text = text_behind(line, name);
    return text != NULL ? strtod(text, NULL) : 0;
}

static int64_t number_behind(const char *line, const char *name)
{
    const char *text = text_behind(line, name);
    return text != NULL ? strtoll(text, NULL, 10) : -1;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", and the same with "full"
 * (Documentation/accounting/psi.rst). */
static void read_pressure(const struct cgroup *cgroup, const char *file, json_t *object)
{
    cleanup_buffer struct buffer text = {0};
    if (cgroup_read(cgroup->directory, file, &text) < 0 || text.data == NULL)
        return;
    char *rest = text.data;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        const char *kind = strncmp(line, "some ", 5) == 0   ? "some"
                           : strncmp(line, "full ", 5) == 0 ? "full"
                                                            : NULL;
        if (kind != NULL)
            json_object_set_new(stats_section(object, "psi"), kind,
                                json_pack("{s:f, s:f, s:f, s:I}", "avg10", share_behind(line, "avg10"),
                                          "avg60", share_behind(line, "avg60"), "avg300",
                                          share_behind(line, "avg300"), "total",
                                          (json_int_t)number_behind(line, "total")));
    }
}

static void read_cpu(const struct cgroup *cgroup, json_t *stats)
{
    enum { NANOSECONDS = 1000 }; /* in the file's microsecond */
    json_t *cpu = stats_section(stats, "cpu"), *usage = stats_section(cpu, "usage");
    json_t *throttling = stats_section(cpu, "throttling");
    cleanup_json json_t *lines = stats_lines(cgroup, "cpu.stat");
    stats_set(usage, "total", stats_get(lines, "usage_usec") * NANOSECONDS);
    stats_set(usage, "user", stats_get(lines, "user_usec") * NANOSECONDS);
    stats_set(usage, "kernel", stats_get(lines, "system_usec") * NANOSECONDS);
    stats_set(throttling, "periods", stats_get(lines, "nr_periods"));
    stats_set(throttling, "throttledPeriods", stats_get(lines, "nr_throttled"));
    stats_set(throttling, "throttledTime", stats_get(lines, "throttled_usec") * NANOSECONDS);
    read_pressure(cgroup, "cpu.pressure", cpu);
}

static int64_t sum(const json_t *a, const json_t *b, const char *key)
{
    int64_t total = 0;
    bool too_much = __builtin_add_overflow(stats_get(a, key), stats_get(b, key), &total);
    return too_much ? INT64_MAX : total;
}

/* What readers know as "swap" is memory and swap together, as version 1 counts it. */
static void read_memory(const struct cgroup *cgroup, json_t *stats)
{
    json_t *memory = stats_section(stats, "memory"), *raw = stats_lines(cgroup, "memory.stat");
    json_t *usage = stats_section(memory, "usage");
    cleanup_json json_t *swap = json_object(), *events = stats_lines(cgroup, "memory.events");
    json_object_set_new(memory, "raw", raw);
    stats_set(memory, "cache", stats_get(raw, "file"));
    stats_number(cgroup, "memory.current", usage, "usage");
    stats_number(cgroup, "memory.max", usage, "limit");
    stats_number(cgroup, "memory.peak", usage, "max");
    stats_set(usage, "failcnt", stats_get(events, "max"));
    read_pressure(cgroup, "memory.pressure", memory);
    if (!stats_number(cgroup, "memory.swap.current", swap, "usage"))
        return;
    stats_number(cgroup, "memory.swap.max", swap, "limit");
    json_object_set_new(memory, "swap",
                        json_pack("{s:I, s:I, s:i}", "usage", (json_int_t)sum(usage, swap, "usage"), "limit",
                                  (json_int_t)sum(usage, swap, "limit"), "failcnt", 0));
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void read_io(const struct cgroup *cgroup, json_t *stats)
{
    static const struct {
        const char *name, *array, *operation;
    } fields[] = {
        {" rbytes", "ioServiceBytesRecursive", "Read"},
        {" wbytes", "ioServiceBytesRecursive", "Write"},
        {" rios", "ioServicedRecursive", "Read"},
        {" wios", "ioServicedRecursive", "Write"},
    };
    cleanup_buffer struct buffer text = {0};
    if (cgroup_read(cgroup->directory, "io.stat", &text) < 0 || text.data == NULL)
        return;
    char *rest = text.data;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            if (number_behind(line, fields[i].name) >= 0)
                stats_add_io(stats, fields[i].array, line, fields[i].operation,
                             number_behind(line, fields[i].name));
    read_pressure(cgroup, "io.pressure", stats_section(stats, "blkio"));
}

static void read_huge_page(const struct cgroup *cgroup, const char *size, json_t *object)
{
    cleanup_free char *usage = xasprintf("hugetlb.%s.current", size);
    cleanup_free char *events = xasprintf("hugetlb.%s.events", size);
    cleanup_json json_t *lines = stats_lines(cgroup, events);
    stats_number(cgroup, usage, object, "usage");
    stats_set(object, "failcnt", stats_get(lines, "max"));
}

void stats_of_version_2(const struct cgroup *cgroup, json_t *stats)
{
    if (cgroup->controllers & CGROUP_CPU)
        read_cpu(cgroup, stats);
    if (cgroup->controllers & CGROUP_CPUSET)
        stats_cpuset(cgroup, "cpuset.cpus.effective", "cpuset.mems.effective", stats);
    if (cgroup->controllers & CGROUP_MEMORY)
        read_memory(cgroup, stats);
    if (cgroup->controllers & CGROUP_PIDS)
        stats_pids(cgroup, stats);
    if (cgroup->controllers & CGROUP_IO)
        read_io(cgroup, stats);
    if (cgroup->controllers & CGROUP_HUGETLB)
        stats_huge_pages(cgroup, "current", stats, read_huge_page);
}
