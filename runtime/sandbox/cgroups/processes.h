/* The processes of one cgroup, for the files that signal, list and freeze them. */
#ifndef RUNTIME_SANDBOX_CGROUPS_PROCESSES_H
#define RUNTIME_SANDBOX_CGROUPS_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The processes of the cgroup whose directory is open as `fd`, sorted; owned; NULL and 0 where they cannot be
 * read. */
pid_t *cgroup_read_processes(int fd, size_t *count);
bool pid_is_listed(const pid_t *pids, size_t count, pid_t pid);

#endif
