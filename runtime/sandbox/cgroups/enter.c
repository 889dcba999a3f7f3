#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "runtime/sandbox/cgroups/cgroups.h"

static int enter_v2(const struct cgroup *cgroup, struct error *error)
{
    cleanup_close int fd = openat(cgroup->join_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || write(fd, "0", 1) != 1)
        return error_errno(error, errno, "cannot join the cgroup %s", cgroup->directory);
    return 0;
}

static int enter_all(const struct cgroups *cgroups, struct error *error)
{
    for (size_t i = 0; i < cgroups->count; i++)
        if (cgroups->items[i].v2 && enter_v2(&cgroups->items[i], error) < 0)
            return -1;
    return cgroups_join(cgroups, error);
}

int cgroups_enter(struct cgroups *cgroups, struct error *error)
{
    int status = cgroups_open(cgroups, error);
    if (status == 0)
        status = enter_all(cgroups, error);
    cgroups_close(cgroups);
    return status;
}
