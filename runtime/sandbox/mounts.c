#include "runtime/sandbox/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

static int set_attributes(int tree, const char *name, unsigned flags, struct error *error)
{
    struct mount_attr attributes = {
        .attr_set = MOUNT_ATTR_NOSUID | ((flags & MOUNT_WRITABLE) ? 0 : MOUNT_ATTR_RDONLY) |
                    ((flags & MOUNT_PROGRAMS) ? 0 : MOUNT_ATTR_NOEXEC) |
                    ((flags & (MOUNT_DEVICES | MOUNT_NEW_DEVICES)) ? 0 : MOUNT_ATTR_NODEV),
        .attr_clr = (flags & MOUNT_NEW_DEVICES) ? MOUNT_ATTR_NODEV : 0,
        .propagation = MS_PRIVATE,
    };
    if (mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0)
        return error_errno(error, errno, "%s: cannot restrict its mount", name);
    return 0;
}

static int detach(int fd, const char *path, const char *name, unsigned flags, struct error *error)
{
    unsigned how = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (*path == '\0' ? AT_EMPTY_PATH : 0) |
                   ((flags & MOUNT_RECURSIVE) ? AT_RECURSIVE : 0);
    cleanup_close int tree = open_tree(fd, path, how);
    if (tree < 0 && errno == EPERM) {
        error_set_numbered(
            error, EPERM,
            "%s: mounting needs CAP_SYS_ADMIN: run urunc as root, or in user and mount namespaces of its own",
            name);
        return -1;
    }
    if (tree < 0)
        return error_errno(error, errno, "%s", name);
    if (set_attributes(tree, name, flags, error) < 0)
        return -1;
    return take_fd(tree);
}

int mount_detached_fd(int fd, const char *name, unsigned flags, struct error *error)
{
    return detach(fd, "", name, flags, error);
}

int mount_detached_path(const char *path, unsigned flags, struct error *error)
{
    return detach(AT_FDCWD, path, path, flags, error);
}

int mount_detached_at(int root, const char *path, unsigned flags, struct error *error)
{
    return detach(root, path, path, flags, error);
}

static int write_map(pid_t pid, const char *name, const char *map)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t length = (ssize_t)strlen(map);
    return fd >= 0 && write(fd, map, (size_t)length) == length ? 0 : -1;
}

static int open_mapping(pid_t pid, uid_t owner, gid_t group, uid_t user)
{
    char path[64];
    cleanup_free char *users = xasprintf("%u %u 1", owner, user),
                      *groups = xasprintf("%u %u 1", group, group);
    if (write_map(pid, "uid_map", users) < 0 || write_map(pid, "gid_map", groups) < 0)
        return -1;
    snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Mappings come as a user namespace, which only a process can make: one that waits until it is ended. */
static int make_mapping(uid_t owner, gid_t group, uid_t user)
{
    struct clone_args arguments = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    if (pid < 0)
        return -1;
    int mapping = open_mapping(pid, owner, group, user), number = errno;
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    errno = number;
    return mapping;
}

int mount_map_owner(int tree, uid_t owner, gid_t group, uid_t user)
{
    cleanup_close int mapping = make_mapping(owner, group, user);
    if (mapping < 0)
        return -1;
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)mapping};
    return mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes);
}

int mount_detached_tmpfs(const char *size, const char *inodes, const char *label, struct error *error)
{
    cleanup_close int context = fsopen("tmpfs", FSOPEN_CLOEXEC);
    if (label != NULL && context >= 0 && fsconfig(context, FSCONFIG_SET_STRING, "context", label, 0) < 0)
        return error_errno(error, errno, "config.json: linux.mountLabel: \"%s\" cannot be set on this host",
                           label);
    /* Huge pages where a whole one fits take a large file's copy a tenth of the time; a kernel may have none.
     */
    if (context >= 0)
        fsconfig(context, FSCONFIG_SET_STRING, "huge", "within_size", 0);
    if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "size", size, 0) < 0 ||
        fsconfig(context, FSCONFIG_SET_STRING, "nr_inodes", inodes, 0) < 0 ||
        fsconfig(context, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
        fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return error_errno(error, errno, "cannot make a tmpfs for the monitor's root");
    int mount = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (mount < 0)
        return error_errno(error, errno, "cannot make a tmpfs for the monitor's root");
    return mount;
}

int mount_detached_proc(struct error *error)
{
    cleanup_close int context = fsopen("proc", FSOPEN_CLOEXEC);
    if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return error_errno(error, errno, "cannot make a /proc of its own");
    int mount = fsmount(context, FSMOUNT_CLOEXEC,
                        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    return mount >= 0 ? mount : error_errno(error, errno, "cannot make a /proc of its own");
}

int mount_allow_programs(int root, const char *path, struct error *error)
{
    struct mount_attr attributes = {
        .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
        .attr_clr = MOUNT_ATTR_NOEXEC,
    };
    cleanup_close int tree = open_tree(root, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0)
        return error_errno(error, errno, "/%s: cannot allow programs", path);
    return mount_attach(tree, root, path, error);
}

int mount_attach(int tree, int root, const char *path, struct error *error)
{
    if (move_mount(tree, "", root, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return error_errno(error, errno, "cannot mount %s%s", root == AT_FDCWD ? "" : "/", path);
    return 0;
}

/* pivot_root(".", ".") stacks the old root on the new one's directory, from where it is detached
 * (pivot_root(2), notes). */
int mount_pivot(int root, struct error *error)
{
    if (fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
        return error_errno(error, errno, "pivot_root");
    if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return error_errno(error, errno, "cannot leave the old root");
    return 0;
}

int mount_seal(int fd, struct error *error)
{
    struct mount_attr attributes = {
        .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
    };
    if (mount_setattr(fd, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0)
        return error_errno(error, errno, "cannot make the monitor's root read-only");
    return 0;
}
