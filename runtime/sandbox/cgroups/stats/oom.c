#include "runtime/sandbox/cgroups/stats/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/cgroups/limits/limit.h"

/* Processes that were killed: "oom_kill N" in memory.events. */
static int64_t killed_so_far(int fd)
{
    char text[1024];
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    const char *line = strstr(text, "oom_kill ");
    return line != NULL ? strtoll(line + strlen("oom_kill "), NULL, 10) : 0;
}

static int open_in(const struct cgroup *cgroup, const char *file, int flags, struct error *error)
{
    cleanup_free char *path = xasprintf("%s/%s", cgroup->directory, file);
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 ? fd : error_errno(error, errno, "%s", path);
}

static int open_version_2(const struct cgroup *cgroup, struct oom_watch *watch, struct error *error)
{
    watch->fd = open_in(cgroup, "memory.events", O_RDONLY, error);
    if (watch->fd < 0)
        return -1;
    watch->v2 = true;
    watch->events = POLLPRI;
    watch->killed = killed_so_far(watch->fd);
    return 0;
}

/* Documentation/admin-guide/cgroup-v1/memory.rst, "OOM Control". */
static int open_version_1(const struct cgroup *cgroup, struct oom_watch *watch, struct error *error)
{
    char line[32];
    cleanup_close int listener = open_in(cgroup, "cgroup.event_control", O_WRONLY, error);
    watch->control = listener >= 0 ? open_in(cgroup, "memory.oom_control", O_RDONLY, error) : -1;
    if (watch->control < 0)
        return -1;
    watch->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    watch->events = POLLIN;
    int length = snprintf(line, sizeof line, "%d %d", watch->fd, watch->control);
    if (watch->fd < 0 || write(listener, line, (size_t)length) != length)
        return error_errno(error, errno, "%s: cannot ask for events", cgroup->directory);
    return 0;
}

int oom_watch_open(const struct cgroups *cgroups, struct oom_watch *watch, struct error *error)
{
    *watch = OOM_WATCH_NONE;
    const struct cgroup *cgroup = limit_cgroup(cgroups, CGROUP_MEMORY);
    if (cgroup == NULL)
        return 0;
    return cgroup->v2 ? open_version_2(cgroup, watch, error) : open_version_1(cgroup, watch, error);
}

bool oom_watch_happened(struct oom_watch *watch)
{
    uint64_t times = 0;
    char first;
    if (watch->fd < 0)
        return false;
    /* The kernel tells of a removed cgroup in the same way: it has no file to read then. */
    if (!watch->v2)
        return read(watch->fd, &times, sizeof times) == sizeof times && times > 0 &&
               pread(watch->control, &first, 1, 0) > 0;
    int64_t killed = killed_so_far(watch->fd);
    bool happened = killed > watch->killed;
    watch->killed = killed;
    return happened;
}

void oom_watch_close(struct oom_watch *watch)
{
    if (watch->fd >= 0)
        close(take_fd(watch->fd));
    if (watch->control >= 0)
        close(take_fd(watch->control));
}
