/* The figures of a container's cgroups, as runc's `events` prints them (runc, types/events.go, "Stats"). */
#ifndef RUNTIME_SANDBOX_CGROUPS_STATS_STATS_H
#define RUNTIME_SANDBOX_CGROUPS_STATS_STATS_H

#include "runtime/sandbox/cgroups/cgroups.h"

/* An object with cpu, cpuset, memory, pids, blkio and hugetlb; what a host does not have is left out. Owned.
 * A limit of none is INT64_MAX. */
json_t *cgroups_stats(const struct cgroups *cgroups);

/* ---- for the files that read them: each adds to the object what the cgroup's controllers have ---- */

void stats_of_version_1(const struct cgroup *cgroup, json_t *stats);
void stats_of_version_2(const struct cgroup *cgroup, json_t *stats);

/* The member of that name, made where it is missing; borrowed. */
json_t *stats_section(json_t *object, const char *key);
/* A file's number as a member; "max" is INT64_MAX. False where there is none. */
bool stats_number(const struct cgroup *cgroup, const char *file, json_t *object, const char *key);
/* The lines "KEY NUMBER" of a file, as an object; owned; empty where there are none. */
json_t *stats_lines(const struct cgroup *cgroup, const char *file);
/* The number of that name, or 0. */
int64_t stats_get(const json_t *object, const char *key);
void stats_set(json_t *object, const char *key, int64_t value);
/* Adds {"major", "minor", "op", "value"} to the array of that name; `device` begins with "MAJOR:MINOR". */
void stats_add_io(json_t *stats, const char *array, const char *device, const char *operation, int64_t value);
/* The processors and memory nodes that these files list. */
void stats_cpuset(const struct cgroup *cgroup, const char *cpus, const char *mems, json_t *stats);
/* The same files in both versions. */
void stats_pids(const struct cgroup *cgroup, json_t *stats);
/* For each size of huge pages of which the cgroup has a file "hugetlb.SIZE.SUFFIX": the functions' argument
 * is its object in "hugetlb". */
void stats_huge_pages(const struct cgroup *cgroup, const char *suffix, json_t *stats,
                      void (*read)(const struct cgroup *cgroup, const char *size, json_t *object));

#endif
