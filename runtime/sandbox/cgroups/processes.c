#include "runtime/sandbox/cgroups/processes.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/cgroups/cgroups.h"

static int compare_pids(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;
    return (x > y) - (x < y);
}

/* 0 stands for a process that this process ID namespace does not see. */
pid_t *cgroup_read_processes(int fd, size_t *count)
{
    cleanup_error struct error ignored = {0};
    cleanup_buffer struct buffer text = {0};
    *count = 0;
    if (read_file(fd, "cgroup.procs", CGROUP_FILE_MAX, &text, &ignored) < 0)
        return NULL;
    pid_t *pids = xcalloc(text.length / 2 + 1, sizeof *pids);
    char *rest = NULL;
    for (char *line = strtok_r(text.data, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        pid_t pid = (pid_t)strtol(line, NULL, 10);
        if (pid > 0)
            pids[(*count)++] = pid;
    }
    qsort(pids, *count, sizeof *pids, compare_pids);
    return pids;
}

bool pid_is_listed(const pid_t *pids, size_t count, pid_t pid)
{
    return count > 0 && bsearch(&pid, pids, count, sizeof *pids, compare_pids) != NULL;
}

int cgroups_processes(const struct cgroups *cgroups, pid_t **pids, size_t *count, struct error *error)
{
    *pids = NULL;
    *count = 0;
    for (size_t i = 0; i < cgroups->count && *count == 0; i++) {
        cleanup_close int fd = cgroup_open(&cgroups->items[i], error);
        if (error_is_set(error))
            return -1;
        free(*pids);
        *pids = fd >= 0 ? cgroup_read_processes(fd, count) : NULL;
    }
    return 0;
}
