#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/cgroups/files.h"
#include "runtime/sandbox/cgroups/stats/stats.h"

static void read_cpuacct(const struct cgroup *cgroup, json_t *stats)
{
    json_t *usage = stats_section(stats_section(stats, "cpu"), "usage");
    stats_number(cgroup, "cpuacct.usage", usage, "total");
    stats_number(cgroup, "cpuacct.usage_user", usage, "user");
    stats_number(cgroup, "cpuacct.usage_sys", usage, "kernel");
    cleanup_buffer struct buffer text = {0};
    if (cgroup_read(cgroup->directory, "cpuacct.usage_percpu", &text) < 0 || text.data == NULL)
        return;
    json_t *list = json_array();
    char *rest = NULL;
    for (char *word = strtok_r(text.data, " \n", &rest); word != NULL; word = strtok_r(NULL, " \n", &rest))
        json_array_append_new(list, json_integer(strtoll(word, NULL, 10)));
    json_object_set_new(usage, "percpu", list);
}

static void read_cpu(const struct cgroup *cgroup, json_t *stats)
{
    json_t *throttling = stats_section(stats_section(stats, "cpu"), "throttling");
    cleanup_json json_t *lines = stats_lines(cgroup, "cpu.stat");
    stats_set(throttling, "periods", stats_get(lines, "nr_periods"));
    stats_set(throttling, "throttledPeriods", stats_get(lines, "nr_throttled"));
    stats_set(throttling, "throttledTime", stats_get(lines, "throttled_time"));
}

/* The four files of one kind of memory; without the first there is none of it. */
static void read_entry(const struct cgroup *cgroup, const char *prefix, json_t *memory, const char *key)
{
    static const struct {
        const char *file, *key;
    } parts[] = {
        {"usage_in_bytes", "usage"},
        {"limit_in_bytes", "limit"},
        {"max_usage_in_bytes", "max"},
        {"failcnt", "failcnt"},
    };
    json_t *entry = json_object();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        cleanup_free char *file = xasprintf("%s%s", prefix, parts[i].file);
        if (!stats_number(cgroup, file, entry, parts[i].key) && i == 0)
            break;
    }
    if (json_object_size(entry) > 0)
        json_object_set(memory, key, entry);
    json_decref(entry);
}

static void read_memory(const struct cgroup *cgroup, json_t *stats)
{
    json_t *memory = stats_section(stats, "memory"), *raw = stats_lines(cgroup, "memory.stat");
    json_object_set_new(memory, "raw", raw);
    stats_set(memory, "cache", stats_get(raw, "cache"));
    read_entry(cgroup, "memory.", memory, "usage");
    read_entry(cgroup, "memory.memsw.", memory, "swap");
    read_entry(cgroup, "memory.kmem.", memory, "kernel");
    read_entry(cgroup, "memory.kmem.tcp.", memory, "kernelTCP");
}

/* "8:0 Read 4096", and "Total 4096" at the end. */
static void read_io(const struct cgroup *cgroup, const char *file, const char *array, json_t *stats)
{
    cleanup_buffer struct buffer text = {0};
    if (cgroup_read(cgroup->directory, file, &text) < 0 || text.data == NULL)
        return;
    char *lines = text.data;
    for (char *line; (line = strsep(&lines, "\n")) != NULL;) {
        const char *device = strsep(&line, " "), *operation = strsep(&line, " ");
        if (operation != NULL && line != NULL)
            stats_add_io(stats, array, device, operation, strtoll(line, NULL, 10));
    }
}

static void read_huge_page(const struct cgroup *cgroup, const char *size, json_t *object)
{
    cleanup_free char *usage = xasprintf("hugetlb.%s.usage_in_bytes", size);
    cleanup_free char *maximum = xasprintf("hugetlb.%s.max_usage_in_bytes", size);
    cleanup_free char *failures = xasprintf("hugetlb.%s.failcnt", size);
    stats_number(cgroup, usage, object, "usage");
    stats_number(cgroup, maximum, object, "max");
    stats_number(cgroup, failures, object, "failcnt");
}

void stats_of_version_1(const struct cgroup *cgroup, json_t *stats)
{
    if (cgroup->controllers & CGROUP_CPUACCT)
        read_cpuacct(cgroup, stats);
    if (cgroup->controllers & CGROUP_CPU)
        read_cpu(cgroup, stats);
    if (cgroup->controllers & CGROUP_CPUSET)
        stats_cpuset(cgroup, "cpuset.cpus", "cpuset.mems", stats);
    if (cgroup->controllers & CGROUP_MEMORY)
        read_memory(cgroup, stats);
    if (cgroup->controllers & CGROUP_PIDS)
        stats_pids(cgroup, stats);
    if (cgroup->controllers & CGROUP_IO) {
        read_io(cgroup, "blkio.throttle.io_service_bytes_recursive", "ioServiceBytesRecursive", stats);
        read_io(cgroup, "blkio.throttle.io_serviced_recursive", "ioServicedRecursive", stats);
    }
    if (cgroup->controllers & CGROUP_HUGETLB)
        stats_huge_pages(cgroup, "usage_in_bytes", stats, read_huge_page);
}
