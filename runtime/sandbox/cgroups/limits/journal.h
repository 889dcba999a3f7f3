/* What stood in the files of cgroups before limits were changed, so that a change that fails half-way is
 * taken back. */
#ifndef RUNTIME_SANDBOX_CGROUPS_LIMITS_JOURNAL_H
#define RUNTIME_SANDBOX_CGROUPS_LIMITS_JOURNAL_H

#include "runtime/sandbox/cgroups/cgroups.h"

struct cgroup_entry {
    char *directory;
    char *file;
    char *value; /* a line that the kernel takes back */
};

struct cgroup_journal {
    struct cgroup_entry *items;
    size_t count;
};

/* Notes what the file says before `value` is written to it; nothing where it cannot be read. Of a file with a
 * line for each device ("8:0 rbps=...") that is the line of the value's device. */
void cgroup_journal_note(struct cgroup_journal *journal, const struct cgroup *cgroup, const char *file,
                         const char *value);
/* Writes everything back, the last change first. A failure is an error; the others are written all the same.
 */
int cgroup_journal_undo(const struct cgroup_journal *journal, struct error *error);
void cgroup_journal_free(struct cgroup_journal *journal);
#define cleanup_journal __attribute__((cleanup(cgroup_journal_free)))

#endif
