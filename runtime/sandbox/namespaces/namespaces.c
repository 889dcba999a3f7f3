/*
 * Linux namespaces.
 *
 * Making is one clone3(2). Joining is setns(2), and a process ID namespace or a user namespace that is joined
 * holds only for children; so where there is something to join, a short-lived process joins and then clones
 * with CLONE_PARENT, which makes the container's process a child of the runtime and not of the joiner.
 */
#include "runtime/sandbox/namespaces/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "formats/base/open.h"
#include "runtime/sandbox/privileges/privileges.h"

const struct namespace_type namespace_types[NAMESPACE_COUNT] = {
    [NAMESPACE_USER] = {"user", CLONE_NEWUSER},       [NAMESPACE_PID] = {"pid", CLONE_NEWPID},
    [NAMESPACE_NETWORK] = {"network", CLONE_NEWNET},  [NAMESPACE_MOUNT] = {"mount", CLONE_NEWNS},
    [NAMESPACE_IPC] = {"ipc", CLONE_NEWIPC},          [NAMESPACE_UTS] = {"uts", CLONE_NEWUTS},
    [NAMESPACE_CGROUP] = {"cgroup", CLONE_NEWCGROUP}, [NAMESPACE_TIME] = {"time", CLONE_NEWTIME},
};

static int read_namespace(const json_t *item, const char *where, struct namespaces *namespaces,
                          struct error *error)
{
    const char *type = NULL, *path = NULL;
    if (require_string(item, where, "type", &type, error) < 0 ||
        read_string(item, where, "path", &path, error) < 0)
        return -1;
    int kind = 0;
    while (kind < NAMESPACE_COUNT && strcmp(namespace_types[kind].name, type) != 0)
        kind++;
    if (kind == NAMESPACE_COUNT)
        return error_set(error, "%stype: \"%s\" is not a kind of namespace", where, type);
    if (namespaces->wanted[kind])
        return error_set(error, "%stype: \"%s\" is listed twice", where, type);
    namespaces->wanted[kind] = true;
    if (path == NULL || *path == '\0')
        return 0;
    if (*path != '/')
        return error_set(error, "%spath: \"%s\" is not an absolute path", where, path);
    namespaces->path[kind] = xstrdup(path);
    return 0;
}

/* Fields of a namespace that is not made. */
static int check_needless(const struct namespaces *namespaces, const char *where, struct error *error)
{
    bool mapped = namespaces->uid_mappings.count > 0 || namespaces->gid_mappings.count > 0;
    if (mapped && !namespaces->wanted[NAMESPACE_USER])
        return error_set(error, "%suidMappings, gidMappings: need a user namespace in linux.namespaces",
                         where);
    if (time_offsets_given(&namespaces->time_offsets) && !namespace_is_new(namespaces, NAMESPACE_TIME))
        return error_set(error, "%stimeOffsets: need a new time namespace in linux.namespaces", where);
    return 0;
}

int namespaces_read(const json_t *linux_object, const char *file, struct namespaces *namespaces,
                    struct error *error)
{
    cleanup_free char *outer = xasprintf("%s: linux.", file);
    const json_t *array = NULL;
    if (read_array(linux_object, outer, "namespaces", &array, error) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(array); i++) {
        cleanup_free char *where = xasprintf("%snamespaces[%zu].", outer, i);
        if (read_namespace(json_array_get(array, i), where, namespaces, error) < 0)
            return -1;
    }
    if (id_mappings_read(linux_object, file, "uidMappings", &namespaces->uid_mappings, error) < 0 ||
        id_mappings_read(linux_object, file, "gidMappings", &namespaces->gid_mappings, error) < 0 ||
        time_offsets_read(linux_object, file, &namespaces->time_offsets, error) < 0 ||
        check_needless(namespaces, outer, error) < 0)
        return -1;
    bool mapped = namespaces->uid_mappings.count > 0 && namespaces->gid_mappings.count > 0;
    if (namespace_is_new(namespaces, NAMESPACE_USER) && !mapped)
        return error_set(error, "%suidMappings, gidMappings: a new user namespace needs both", outer);
    if (namespaces->path[NAMESPACE_MOUNT] != NULL)
        return error_set(
            error, "%snamespaces: a mount namespace cannot be joined: the monitor's root is always private",
            outer);
    return 0;
}

void namespaces_free(struct namespaces *namespaces)
{
    for (int kind = 0; kind < NAMESPACE_COUNT; kind++)
        free(namespaces->path[kind]);
    id_mappings_free(&namespaces->uid_mappings);
    id_mappings_free(&namespaces->gid_mappings);
    *namespaces = (struct namespaces){0};
}

int64_t namespaces_host_uid(const struct namespaces *namespaces, uint32_t uid)
{
    return namespaces->wanted[NAMESPACE_USER] ? id_mappings_outside(&namespaces->uid_mappings, uid) : uid;
}

/* How the child is made, and what it does. */
struct child {
    uint64_t flags;
    int cgroup_fd;
    void (*run)(void *data);
    void *data;
};

static pid_t clone_child(const struct child *child, uint64_t more_flags)
{
    uint64_t flags = child->flags | more_flags | (child->cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0);
    struct clone_args arguments = {
        .flags = flags,
        .cgroup = child->cgroup_fd >= 0 ? (uint64_t)child->cgroup_fd : 0,
        /* With CLONE_PARENT the signal is that of the joiner's own clone, and must not be given. */
        .exit_signal = (flags & CLONE_PARENT) ? 0 : SIGCHLD,
    };
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) {
        child->run(child->data);
        _exit(1);
    }
    return pid;
}

int namespace_open(const char *path, struct error *error)
{
    struct statfs status;
    cleanup_close int found = open(path, O_PATH | O_CLOEXEC);
    if (found < 0 || fstatfs(found, &status) < 0)
        return error_errno(error, errno, "%s", path);
    if (status.f_type != NSFS_MAGIC)
        return error_set(error, "%s: not a namespace", path);
    int fd = reopen_descriptor(found, O_RDONLY);
    return fd >= 0 ? fd : error_errno(error, errno, "%s", path);
}

int namespace_enter_network(int fd)
{
    if (setns(fd, CLONE_NEWNET) == 0)
        return 0;
    cleanup_close int owner = errno == EPERM ? ioctl(fd, NS_GET_USERNS) : -1;
    if (owner < 0 || setns(owner, CLONE_NEWUSER) < 0) {
        errno = EPERM;
        return -1;
    }
    return setns(fd, CLONE_NEWNET);
}

static int open_namespaces(const struct namespaces *namespaces, int fds[NAMESPACE_COUNT], struct error *error)
{
    for (int kind = 0; kind < NAMESPACE_COUNT; kind++) {
        const char *path = namespaces->path[kind];
        if (path == NULL)
            continue;
        fds[kind] = namespace_open(path, error);
        if (fds[kind] < 0)
            return error_prefix(error, "the container's %s namespace", namespace_types[kind].name);
    }
    return 0;
}

/* A network or other namespace can belong to the user namespace that is joined or to the one we come from,
 * which cannot be told beforehand; so each is tried before, and again after where it was not permitted. */
static int join_namespaces(const int fds[NAMESPACE_COUNT], const struct namespaces *namespaces,
                           struct error *error)
{
    bool joined[NAMESPACE_COUNT] = {false};
    for (int pass = 0; pass < 2; pass++) {
        for (int kind = NAMESPACE_PID; kind < NAMESPACE_COUNT; kind++) {
            if (fds[kind] < 0 || joined[kind])
                continue;
            joined[kind] = setns(fds[kind], (int)namespace_types[kind].flag) == 0;
            if (joined[kind] || (errno == EPERM && pass == 0 && fds[NAMESPACE_USER] >= 0))
                continue;
            return error_errno(error, errno, "cannot join the %s namespace %s", namespace_types[kind].name,
                               namespaces->path[kind]);
        }
        if (pass == 0 && fds[NAMESPACE_USER] >= 0 && setns(fds[NAMESPACE_USER], CLONE_NEWUSER) < 0)
            return error_errno(error, errno, "cannot join the user namespace %s",
                               namespaces->path[NAMESPACE_USER]);
    }
    return 0;
}

/* The joiner's message to the runtime: the process ID, or -1 and its error. */
struct joiner_report {
    pid_t pid;
    int number;
    char message[512];
};

/* A joiner that became dumpable by joining hides again, before there is a child that processes of the joined
 * namespaces can see. */
static _Noreturn void run_joiner(int report_fd, const int fds[NAMESPACE_COUNT],
                                 const struct namespaces *namespaces, const struct child *child)
{
    cleanup_error struct error error = {0};
    struct joiner_report report = {.pid = -1};
    if (join_namespaces(fds, namespaces, &error) == 0 && privileges_hide_process(&error) == 0) {
        report.pid = clone_child(child, CLONE_PARENT);
        if (report.pid < 0)
            error_errno(&error, errno, "cannot make the container's process");
    }
    if (error_is_set(&error)) {
        report.number = error.number;
        strncpy(report.message, error.message, sizeof report.message - 1);
    }
    ssize_t ignored =
        write(report_fd, &report, sizeof report); /* shorter than PIPE_BUF: whole or not at all */
    _exit(ignored == (ssize_t)sizeof report ? 0 : 1);
}

static pid_t spawn_joined(const struct namespaces *namespaces, const struct child *child, struct error *error)
{
    int fds[NAMESPACE_COUNT], ends[2];
    memset(fds, -1, sizeof fds);
    struct joiner_report report = {.pid = -1};
    pid_t joiner = -1;
    int status = open_namespaces(namespaces, fds, error);
    if (status == 0 && pipe2(ends, O_CLOEXEC) < 0)
        status = error_errno(error, errno, "pipe");
    if (status == 0) {
        joiner = fork();
        if (joiner == 0)
            run_joiner(ends[1], fds, namespaces, child);
        close(ends[1]);
        if (joiner < 0)
            error_errno(error, errno, "fork");
        else if (read(ends[0], &report, sizeof report) != (ssize_t)sizeof report)
            error_set(error, "the process that joins the namespaces ended early");
        else if (report.pid < 0)
            error_set(error, "%.*s", (int)sizeof report.message, report.message);
        close(ends[0]);
        while (joiner > 0 && waitpid(joiner, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    for (int kind = 0; kind < NAMESPACE_COUNT; kind++)
        if (fds[kind] >= 0)
            close(fds[kind]);
    return report.pid;
}

pid_t namespaces_spawn(const struct namespaces *namespaces, int cgroup_fd, void (*run)(void *data),
                       void *data, struct error *error)
{
    struct child child = {.flags = CLONE_NEWNS, .cgroup_fd = cgroup_fd, .run = run, .data = data};
    bool joins = false;
    /* Before anything is joined or cloned, because the child has all capabilities, the host's files open and
     * the host's root: whoever could trace it from a namespace that it joins would have them too
     * (CVE-2016-9962). Not being dumpable is inherited by both children, and asks a tracer for CAP_SYS_PTRACE
     * in the host's user namespace. */
    if (privileges_hide_process(error) < 0)
        return -1;
    for (int kind = 0; kind < NAMESPACE_COUNT; kind++) {
        joins = joins || namespaces->path[kind] != NULL;
        if (namespace_is_new(namespaces, kind) && kind != NAMESPACE_CGROUP && kind != NAMESPACE_TIME)
            child.flags |= namespace_types[kind].flag;
    }
    if (joins)
        return spawn_joined(namespaces, &child, error);
    pid_t pid = clone_child(&child, 0);
    return pid >= 0 ? pid : error_errno(error, errno, "cannot make the container's process");
}

int namespaces_become_root(struct error *error)
{
    setgroups(0, NULL); /* fails where setgroups is denied; then there is nothing to give up either */
    if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        return error_errno(error, errno, "cannot become root in the user namespace: is ID 0 mapped?");
    return privileges_hide_process(error);
}

int namespaces_write_mappings(const struct namespaces *namespaces, pid_t pid, struct error *error)
{
    if (id_mappings_write(&namespaces->uid_mappings, pid, "uid_map", error) < 0)
        return -1;
    return id_mappings_write(&namespaces->gid_mappings, pid, "gid_map", error);
}

bool namespace_is_own(const char *path, const char *own)
{
    cleanup_free char *mine = xasprintf("/proc/self/ns/%s", own);
    struct stat a, b;
    return stat(path, &a) == 0 && stat(mine, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}
