/* Shared by the files that apply parts of linux.resources (runtime-spec, config-linux.md, "Control groups").
 */
#ifndef RUNTIME_SANDBOX_CGROUPS_LIMITS_LIMIT_H
#define RUNTIME_SANDBOX_CGROUPS_LIMITS_LIMIT_H

#include "runtime/sandbox/cgroups/cgroups.h"

#define RESOURCES "config.json: linux.resources."

/* One limit: a value for a file of version 1 and one of version 2. A file of NULL: that version does not have
 * it, which is an error. */
struct limit {
    const char *key; /* for the error: "memory.limit" */
    unsigned controller;
    const char *v1_file, *v1_value;
    const char *v2_file, *v2_value;
};

/* The container's cgroup through which the controller limits, or NULL. */
const struct cgroup *limit_cgroup(const struct cgroups *cgroups, unsigned controller);
/* cgroup_write, with a note in the journal. */
int limit_write(const struct cgroups *cgroups, const struct cgroup *cgroup, const char *file,
                const char *value, struct error *error);
/* Writes the limit to whichever version the controller is mounted as. */
int limit_apply(const struct cgroups *cgroups, const struct limit *limit, struct error *error);

int limit_memory(const struct cgroups *cgroups, const json_t *resources, uint64_t overhead,
                 struct error *error);
int limit_cpu(const struct cgroups *cgroups, const json_t *resources, struct error *error);
/* cpu.shares, 2 to 262144, as a weight of version 2, 1 to 10000. */
int64_t cpu_weight(int64_t shares);
/* blockIO. */
int limit_io(const struct cgroups *cgroups, const json_t *resources, struct error *error);

#endif
