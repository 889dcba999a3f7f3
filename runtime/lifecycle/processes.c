#include <errno.h>
#include <stdlib.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/lifecycle/lifecycle.h"

int container_processes(const struct runtime *runtime, const char *id, struct container_processes *processes,
                        struct error *error)
{
    *processes = (struct container_processes){0};
    cleanup_state struct state state = {0};
    cleanup_close int directory = container_load(runtime, id, &state, error);
    if (directory < 0 || cgroups_processes(&state.cgroups, &processes->pids, &processes->count, error) < 0)
        return -1;
    if (processes->count > 0)
        return 0;
    /* Without cgroups of its own the container is its process. */
    cleanup_close int pidfd = state_open_process(&state);
    if (pidfd < 0)
        return errno == ESRCH ? 0 : error_errno(error, errno, "process %d", (int)state.pid);
    free(processes->pids);
    processes->pids = xcalloc(1, sizeof *processes->pids);
    processes->pids[processes->count++] = state.pid;
    return 0;
}

void container_processes_free(struct container_processes *processes)
{
    free(processes->pids);
    *processes = (struct container_processes){0};
}
