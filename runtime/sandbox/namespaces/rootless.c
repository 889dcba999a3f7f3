#include "runtime/sandbox/namespaces/rootless.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/programs.h"

/* Tells the program that is executed again where it is. It can lie only to its own disadvantage. */
#define INSIDE "URUNC_ROOTLESS"

#define OWN_PROGRAM "/proc/self/exe"

static bool is_inside(void)
{
    return getenv(INSIDE) != NULL;
}

/* ---- where the process is ---- */

/* The mappings of the calling process's user namespace: "ID, ID outside, count". */
static void read_own_map(const char *path, struct id_mappings *mappings)
{
    cleanup_fclose FILE *file = fopen(path, "re");
    struct id_mapping line;
    while (file != NULL && fscanf(file, "%u %u %u", &line.container, &line.host, &line.size) == 3)
        id_mappings_add(mappings, line);
}

bool rootless_is_root(void)
{
    struct id_mappings map = {0};
    read_own_map("/proc/self/uid_map", &map);
    bool is_first = map.count == 0 || (map.items[0].host == 0 && map.items[0].size == UINT32_MAX);
    id_mappings_free(&map);
    return is_first && geteuid() == 0;
}

bool rootless_needs_namespace(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    return capget(&header, data) == 0 && !(data[0].effective & (1U << CAP_SYS_ADMIN));
}

uid_t rootless_host_user(void)
{
    struct id_mappings map = {0};
    uid_t user = geteuid();
    if (is_inside())
        read_own_map("/proc/self/uid_map", &map);
    int64_t outside = id_mappings_outside(&map, user);
    id_mappings_free(&map);
    return outside >= 0 ? (uid_t)outside : user;
}

int rootless_find_namespace(const struct namespaces *namespaces, struct error *error)
{
    const char *user = namespaces->path[NAMESPACE_USER], *network = namespaces->path[NAMESPACE_NETWORK];
    if (user != NULL)
        return namespace_open(user, error);
    if (network == NULL || namespace_is_own(network, "net"))
        return -1;
    cleanup_close int fd = namespace_open(network, error);
    if (fd < 0)
        return -1;
    int owner = ioctl(fd, NS_GET_USERNS);
    if (owner < 0 && errno != EPERM) /* EPERM: the host's, or somebody else's */
        error_errno(error, errno, "%s: its user namespace", network);
    return owner;
}

/* ---- going there ---- */

/* Adds the lines "NAME:FIRST:COUNT" of /etc/subuid or /etc/subgid that are for this user (subuid(5)). */
static void add_subordinate(const char *path, struct id_mappings *mappings)
{
    cleanup_free char *number = xasprintf("%u", geteuid()), *line = NULL;
    const struct passwd *user = getpwuid(geteuid());
    cleanup_fclose FILE *file = fopen(path, "re");
    size_t room = 0;
    while (file != NULL && getline(&line, &room, file) > 0) {
        char *rest = line;
        const char *name = strsep(&rest, ":");
        struct id_mapping range = {0};
        bool ours = strcmp(name, number) == 0 || (user != NULL && strcmp(name, user->pw_name) == 0);
        if (!ours || rest == NULL || sscanf(rest, "%u:%u", &range.host, &range.size) != 2)
            continue;
        const struct id_mapping *last = &mappings->items[mappings->count - 1];
        range.container = last->container + last->size;
        if (range.size > 0 && range.size < UINT32_MAX - range.container)
            id_mappings_add(mappings, range);
    }
}

/* newuidmap(1): the process, then each range as three words. */
static _Noreturn void exec_mapper(const char *program, pid_t pid, const struct id_mappings *mappings)
{
    cleanup_strings struct strings argv = {0};
    strings_add(&argv, program);
    strings_add_owned(&argv, xasprintf("%d", (int)pid));
    for (size_t i = 0; i < mappings->count; i++) {
        strings_add_owned(&argv, xasprintf("%u", mappings->items[i].container));
        strings_add_owned(&argv, xasprintf("%u", mappings->items[i].host));
        strings_add_owned(&argv, xasprintf("%u", mappings->items[i].size));
    }
    char *const environment[] = {NULL};
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(nowhere, fd);
    execve(program, argv.items, environment);
    _exit(127);
}

static bool ended_well(pid_t pid)
{
    int status = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Waits until the other process is in its namespace, which the end of the pipe says, then writes its
 * mappings.
 */
static _Noreturn void run_mapper(int signal, pid_t pid, const struct id_mappings *users,
                                 const struct id_mappings *groups)
{
    char byte;
    cleanup_free char *users_program = program_find("newuidmap", NULL);
    cleanup_free char *groups_program = program_find("newgidmap", NULL);
    if (users_program == NULL || groups_program == NULL || read(signal, &byte, 1) != 0)
        _exit(1);
    pid_t child = fork();
    if (child == 0)
        exec_mapper(users_program, pid, users);
    if (!ended_well(child))
        _exit(1);
    exec_mapper(groups_program, pid, groups);
}

/* Only the user's own ID, which needs no help. */
static int map_own_id(uid_t uid, gid_t gid, struct error *error)
{
    struct id_mapping user = {.host = uid, .size = 1}, group = {.host = gid, .size = 1};
    const struct id_mappings users = {&user, 1}, groups = {&group, 1};
    if (id_mappings_write(&users, getpid(), "uid_map", error) < 0)
        return -1;
    return id_mappings_write(&groups, getpid(), "gid_map", error);
}

static int make_namespace(struct error *error)
{
    struct id_mappings users = {0}, groups = {0};
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(error, errno, "pipe");
    id_mappings_add(&users, (struct id_mapping){.host = uid, .size = 1});
    id_mappings_add(&groups, (struct id_mapping){.host = gid, .size = 1});
    add_subordinate("/etc/subuid", &users);
    add_subordinate("/etc/subgid", &groups);
    pid_t self = getpid(), mapper = users.count > 1 && groups.count > 1 ? fork() : -1;
    if (mapper == 0) {
        close(ends[1]);
        run_mapper(ends[0], self, &users, &groups);
    }
    close(ends[0]);
    int status = unshare(CLONE_NEWUSER | CLONE_NEWNS);
    if (status < 0)
        error_errno(error, errno,
                    "cannot make a user namespace: run urunc as root, or let users make them (sysctl "
                    "user.max_user_namespaces, kernel.unprivileged_userns_clone)");
    if (status < 0 && mapper > 0)
        kill(mapper, SIGKILL);
    close(ends[1]);
    if (!ended_well(mapper) && status == 0)
        status = map_own_id(uid, gid, error);
    id_mappings_free(&users);
    id_mappings_free(&groups);
    return status;
}

static int join_namespace(int user_namespace, struct error *error)
{
    if (setns(user_namespace, CLONE_NEWUSER) < 0)
        return error_errno(error, errno, "cannot enter the user namespace that config.json names");
    if (unshare(CLONE_NEWNS) < 0)
        return error_errno(error, errno, "cannot make a mount namespace");
    return 0;
}

/* By its path, because what is mounted in the namespace that is left cannot be protected from the new one
 * (own_program.h); it must still be the same file. */
static int execute_again(char *const *argv, struct error *error)
{
    char path[PATH_MAX];
    struct stat named, own;
    ssize_t length = readlink(OWN_PROGRAM, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    if (length <= 0 || stat(path, &named) < 0 || stat(OWN_PROGRAM, &own) < 0)
        return error_errno(error, errno, "%s", OWN_PROGRAM);
    if (named.st_dev != own.st_dev || named.st_ino != own.st_ino)
        return error_set(error, "%s: not urunc's program any more", path);
    setenv(INSIDE, "1", 1);
    execv(path, argv);
    return error_errno(error, errno, "%s: cannot be run in the user namespace", path);
}

int rootless_exec(char *const *argv, int user_namespace, struct error *error)
{
    if (is_inside())
        return error_set(error, "root of a user namespace, and without CAP_SYS_ADMIN in it");
    int status = user_namespace >= 0 ? join_namespace(user_namespace, error) : make_namespace(error);
    if (status < 0)
        return -1;
    if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        return error_errno(error, errno, "cannot become root of the user namespace");
    return execute_again(argv, error);
}

/* ---- being there ---- */

int rootless_translate(struct namespaces *namespaces, struct error *error)
{
    if (!is_inside())
        return 0;
    if (namespaces->path[NAMESPACE_USER] != NULL &&
        namespace_is_own(namespaces->path[NAMESPACE_USER], "user")) {
        free(namespaces->path[NAMESPACE_USER]);
        namespaces->path[NAMESPACE_USER] = NULL;
        namespaces->wanted[NAMESPACE_USER] = false;
    }
    if (!namespace_is_new(namespaces, NAMESPACE_USER))
        return 0;
    struct id_mappings users = {0}, groups = {0};
    read_own_map("/proc/self/uid_map", &users);
    read_own_map("/proc/self/gid_map", &groups);
    int status = id_mappings_translate(&namespaces->uid_mappings, &users, "uidMappings", error);
    if (status == 0)
        status = id_mappings_translate(&namespaces->gid_mappings, &groups, "gidMappings", error);
    id_mappings_free(&users);
    id_mappings_free(&groups);
    return status;
}
