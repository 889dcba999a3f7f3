#include "runtime/sandbox/cgroups/stats/stats.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/cgroups/files.h"

enum { LIST_MAX = 4096 }; /* processors and nodes that a list is unfolded to */

/* Numbers beyond 63 bits, and "max", are the largest. */
static int64_t to_number(const char *text)
{
    if (strncmp(text, "max", 3) == 0)
        return INT64_MAX;
    uint64_t number = strtoull(text, NULL, 10);
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

json_t *stats_section(json_t *object, const char *key)
{
    json_t *section = json_object_get(object, key);
    if (section != NULL)
        return section;
    section = json_object();
    json_object_set_new(object, key, section);
    return section;
}

bool stats_number(const struct cgroup *cgroup, const char *file, json_t *object, const char *key)
{
    cleanup_buffer struct buffer text = {0};
    if (cgroup_read(cgroup->directory, file, &text) < 0 || text.data == NULL)
        return false;
    stats_set(object, key, to_number(text.data));
    return true;
}

json_t *stats_lines(const struct cgroup *cgroup, const char *file)
{
    json_t *lines = json_object();
    cleanup_buffer struct buffer text = {0};
    if (cgroup_read(cgroup->directory, file, &text) < 0 || text.data == NULL)
        return lines;
    char *rest = text.data;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *blank = strchr(line, ' ');
        if (blank == NULL)
            continue;
        *blank = '\0';
        stats_set(lines, line, to_number(blank + 1));
    }
    return lines;
}

int64_t stats_get(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

void stats_set(json_t *object, const char *key, int64_t value)
{
    json_object_set_new(object, key, json_integer(value));
}

void stats_add_io(json_t *stats, const char *array, const char *device, const char *operation, int64_t value)
{
    char *end = NULL;
    json_t *blkio = stats_section(stats, "blkio"), *entries = json_object_get(blkio, array);
    unsigned long major = strtoul(device, &end, 10);
    if (end == device || *end != ':')
        return;
    if (entries == NULL) {
        entries = json_array();
        json_object_set_new(blkio, array, entries);
    }
    unsigned long minor = strtoul(end + 1, NULL, 10);
    json_array_append_new(entries, json_pack("{s:I, s:I, s:s, s:I}", "major", (json_int_t)major, "minor",
                                             (json_int_t)minor, "op", operation, "value", (json_int_t)value));
}

/* "0-2,7" of a file as an array of numbers. */
static void read_list(const struct cgroup *cgroup, const char *file, json_t *object, const char *key)
{
    cleanup_buffer struct buffer text = {0};
    if (cgroup_read(cgroup->directory, file, &text) < 0 || text.data == NULL)
        return;
    json_t *list = json_array();
    char *rest = text.data;
    for (char *range; (range = strsep(&rest, ",\n")) != NULL;) {
        char *end = NULL;
        unsigned long first = strtoul(range, &end, 10);
        if (end == range)
            continue;
        unsigned long last = *end == '-' ? strtoul(end + 1, NULL, 10) : first;
        for (; first <= last && json_array_size(list) < LIST_MAX; first++)
            json_array_append_new(list, json_integer((json_int_t)first));
    }
    json_object_set_new(object, key, list);
}

void stats_cpuset(const struct cgroup *cgroup, const char *cpus, const char *mems, json_t *stats)
{
    json_t *cpuset = stats_section(stats, "cpuset");
    read_list(cgroup, cpus, cpuset, "cpus");
    read_list(cgroup, mems, cpuset, "mems");
}

void stats_pids(const struct cgroup *cgroup, json_t *stats)
{
    json_t *pids = stats_section(stats, "pids");
    stats_number(cgroup, "pids.current", pids, "current");
    stats_number(cgroup, "pids.max", pids, "limit");
}

void stats_huge_pages(const struct cgroup *cgroup, const char *suffix, json_t *stats,
                      void (*read)(const struct cgroup *cgroup, const char *size, json_t *object))
{
    static const char prefix[] = "hugetlb.";
    cleanup_closedir DIR *directory = opendir(cgroup->directory);
    const struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        const char *size = entry->d_name + strlen(prefix);
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        size_t length = strcspn(size, ".");
        if (size[length] != '.' || strcmp(size + length + 1, suffix) != 0)
            continue;
        cleanup_free char *name = xstrndup(size, length);
        read(cgroup, name, stats_section(stats_section(stats, "hugetlb"), name));
    }
}

json_t *cgroups_stats(const struct cgroups *cgroups)
{
    json_t *stats = json_object();
    stats_section(stats_section(stats, "cpu"), "usage");
    for (size_t i = 0; i < cgroups->count; i++) {
        const struct cgroup *cgroup = &cgroups->items[i];
        if (cgroup->v2)
            stats_of_version_2(cgroup, stats);
        else
            stats_of_version_1(cgroup, stats);
    }
    return stats;
}
