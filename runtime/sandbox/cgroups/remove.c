/* Ending what runs in the container's cgroups, and removing them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/cgroups/cgroups.h"
#include "runtime/sandbox/cgroups/processes.h"

enum {
    KILL_ATTEMPTS = 200,            /* of REMOVE_PAUSE each, while killed processes go away */
    WAIT_ATTEMPTS = 20,             /* where nobody may be killed */
    REMOVE_PAUSE = 5 * 1000 * 1000, /* nanoseconds */
};

/* A directory that `create` made or was about to make. */
struct made {
    const char *directory;
    dev_t device;
    ino_t inode; /* 0: about to be made */
};

static int open_directory(const char *path)
{
    struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static bool is_cgroup(int fd)
{
    struct statfs status;
    return fstatfs(fd, &status) == 0 &&
           (status.f_type == CGROUP_SUPER_MAGIC || status.f_type == CGROUP2_SUPER_MAGIC);
}

/* The directory above a mounted root lies on another file system. */
static bool is_below_root(int fd, const struct stat *status)
{
    struct stat parent;
    return fstatat(fd, "..", &parent, 0) == 0 && parent.st_dev == status->st_dev &&
           parent.st_ino != status->st_ino;
}

/* Opens the directory as it was made. Returns an O_PATH descriptor, -1 where it is gone (another may stand in
 * its place), and -1 with the error set where no cgroup of a container can be. */
static int open_made(const struct made *made, struct error *error)
{
    struct stat status;
    cleanup_close int fd = open_directory(made->directory);
    if (fd < 0)
        return errno == ENOENT ? -1 : error_errno(error, errno, "cgroup %s", made->directory);
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "cgroup %s", made->directory);
    if (!is_cgroup(fd))
        return error_set(error, "%s: not a cgroup, so it is left alone", made->directory);
    if (!is_below_root(fd, &status))
        return error_set(error, "cgroup %s: the root of a hierarchy, so it is left alone", made->directory);
    bool same = status.st_dev == made->device && (made->inode == 0 || status.st_ino == made->inode);
    return same ? take_fd(fd) : -1;
}

int cgroup_open(const struct cgroup *cgroup, struct error *error)
{
    /* One that was only about to be made has no process in it yet. */
    if (cgroup->made_count == 0 || cgroup->made[0] == 0)
        return -1;
    const struct made made = {cgroup->directory, cgroup->device, cgroup->made[0]};
    return open_made(&made, error);
}

/* ---- signalling ---- */

/* Version 2 kills all at once, so that nothing can fork itself away. It would kill the caller too, and what
 * is in cgroups below. */
static bool kill_at_once(int fd, bool we_are_in_it)
{
    struct stat status;
    if (we_are_in_it || fstat(fd, &status) < 0 || status.st_nlink > 2)
        return false;
    cleanup_close int file = openat(fd, "cgroup.kill", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    return file >= 0 && write(file, "1", 1) == 1;
}

/* A process ID may pass on to another process once it was read. It is signalled through a descriptor, and
 * only where it is still in the cgroup after that was opened. */
static int signal_one(int fd, pid_t pid, int signal, struct error *error)
{
    size_t count;
    cleanup_close int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0)
        return errno == ESRCH ? 0 : error_errno(error, errno, "cannot signal process %d", (int)pid);
    cleanup_free pid_t *now = cgroup_read_processes(fd, &count);
    if (!pid_is_listed(now, count, pid) || pidfd_send_signal(pidfd, signal, NULL, 0) == 0 || errno == ESRCH)
        return 0;
    return error_errno(error, errno, "cannot signal process %d", (int)pid);
}

static int signal_in(int fd, int signal, struct error *error)
{
    size_t count;
    cleanup_free pid_t *pids = cgroup_read_processes(fd, &count);
    if (signal == SIGKILL && count > 0 && kill_at_once(fd, pid_is_listed(pids, count, getpid())))
        return 0;
    int status = 0;
    for (size_t i = 0; i < count; i++)
        if (pids[i] != getpid() && signal_one(fd, pids[i], signal, error) < 0)
            status = -1;
    return status;
}

int cgroups_signal(const struct cgroups *cgroups, int signal, struct error *error)
{
    for (size_t i = 0; i < cgroups->count; i++) {
        cleanup_close int fd = cgroup_open(&cgroups->items[i], error);
        if (error_is_set(error))
            return -1;
        /* The container's processes are in all of its cgroups. */
        if (fd >= 0)
            return signal_in(fd, signal, error) < 0 ? -1 : 1;
    }
    return 0;
}

/* ---- removing ---- */

static int remove_made(const struct made *made, struct error *error)
{
    const struct timespec pause = {.tv_nsec = REMOVE_PAUSE};
    int attempts = made->inode != 0 ? KILL_ATTEMPTS : WAIT_ATTEMPTS;
    for (int attempt = 0; attempt < attempts; attempt++) {
        cleanup_close int fd = open_made(made, error);
        if (fd < 0)
            return error_is_set(error) ? -1 : 0;
        if (rmdir(made->directory) == 0 || errno == ENOENT)
            return 0;
        if (errno != EBUSY)
            return error_errno(error, errno, "cannot remove the cgroup %s", made->directory);
        if (made->inode != 0 && signal_in(fd, SIGKILL, error) < 0)
            return -1;
        nanosleep(&pause, NULL);
    }
    return error_set(error,
                     "cannot remove the cgroup %s: its processes do not end, or it has cgroups below it",
                     made->directory);
}

/* A parent that another container has come to live in stays. */
static void remove_parents(const struct cgroup *cgroup)
{
    cleanup_free char *directory = xstrdup(cgroup->directory);
    for (size_t i = 1; i < cgroup->made_count; i++) {
        cleanup_error struct error ignored = {0};
        *strrchr(directory, '/') = '\0';
        const struct made made = {directory, cgroup->device, cgroup->made[i]};
        cleanup_close int fd = open_made(&made, &ignored);
        if (fd < 0 || rmdir(directory) < 0)
            return;
    }
}

int cgroups_remove(const struct cgroups *cgroups, struct error *error)
{
    int status = 0;
    for (size_t i = 0; i < cgroups->count; i++) {
        const struct cgroup *cgroup = &cgroups->items[i];
        if (cgroup->made_count == 0)
            continue;
        const struct made made = {cgroup->directory, cgroup->device, cgroup->made[0]};
        if (remove_made(&made, error) < 0)
            status = -1;
        else
            remove_parents(cgroup);
    }
    return status;
}
