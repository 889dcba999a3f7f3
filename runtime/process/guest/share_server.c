#include "runtime/process/guest/share_server.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "runtime/process/guest/virtiofsd.h"
#include "runtime/sandbox/descriptors.h"
#include "runtime/sandbox/privileges/capabilities.h"
#include "runtime/sandbox/privileges/kept_user.h"
#include "runtime/sandbox/root/private_root.h"

#define DIRECTORY "/share" /* in the program's root */

enum {
    FILES_MAX = 1000000, /* descriptors: it has one for each file that the guest knows */
    ERROR_MAX = 4096,
};

/* What the start of one of them needs. */
struct server {
    const char *program;
    const struct version *version;
    const struct guest_share *share;
    const struct identity *user;
    const char *label;
};

uint64_t share_servers_footprint(const struct guest_setup *setup)
{
    return setup->virtiofsd != NULL ? setup->share_count * (uint64_t)SHARE_SERVER_FOOTPRINT : 0;
}

static int enter_root(const struct server *server, struct error *error)
{
    const struct private_mount mount = {server->share->tree, DIRECTORY};
    const struct private_root root = {
        .program = server->program,
        .mounts = &mount,
        .mount_count = 1,
        .proc = true,
        .label = server->label,
        .uid = server->user->uid,
        .gid = server->user->gid,
    };
    return private_root_enter(&root, error);
}

/* The hard limit may be raised while there is CAP_SYS_RESOURCE; else the whole of it is taken. */
static void raise_file_limit(void)
{
    struct rlimit limit = {FILES_MAX, FILES_MAX};
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Standard error stays the container's, where the program says what it cannot do. */
static int keep_descriptors(const struct server *server, int report, struct error *error)
{
    const int keep[] = {STDERR_FILENO, server->share->listener, report};
    if (descriptors_close_others(keep, sizeof keep / sizeof *keep, error) < 0)
        return -1;
    if (open("/dev/null", O_RDWR) != STDIN_FILENO || dup(STDIN_FILENO) != STDOUT_FILENO ||
        fcntl(server->share->listener, F_SETFD, 0) < 0)
        return error_errno(error, errno, "the descriptors");
    return 0;
}

/* The order is that of settle(): what a step needs goes after it. The signal of the parent's death comes
 * last, because a change of user takes it back. */
static int give_up_rights(const struct server *server, struct error *error)
{
    const capability_set few = (capability_set)1 << CAP_SYS_CHROOT | (capability_set)1 << CAP_SETPCAP;
    const struct capabilities capabilities = {
        .permitted = few, .effective = few, .inheritable = few, .ambient = few};
    raise_file_limit();
    if (capabilities_limit(few, error) < 0 || identity_take(server->user, error) < 0 ||
        capabilities_apply(&capabilities, error) < 0 || privileges_seal(error) < 0)
        return -1;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return error_errno(error, errno, "PR_SET_PDEATHSIG");
    return kept_user_install(error);
}

static int serve(const struct server *server, int report, struct error *error)
{
    char locale[] = "LC_ALL=C";
    char *const environment[] = {locale, NULL};
    cleanup_strings struct strings argv = {0};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < 32; number++)
        signal(number, SIG_DFL); /* SIGKILL and SIGSTOP refuse, which is right */
    setsid();
    if (enter_root(server, error) < 0 || keep_descriptors(server, report, error) < 0 ||
        give_up_rights(server, error) < 0)
        return -1;
    virtiofsd_command(server->program, server->version, DIRECTORY, server->share->listener, &argv);
    execve(argv.items[0], argv.items, environment);
    return error_errno(error, errno, "cannot run it");
}

/* The pipe is closed by the program's start, or says why there is none. */
static int await_start(pid_t pid, int report, struct error *error)
{
    char text[ERROR_MAX + 1];
    ssize_t length;
    while ((length = read(report, text, ERROR_MAX)) < 0 && errno == EINTR)
        ;
    if (length == 0)
        return 0;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    text[length > 0 ? length : 0] = '\0';
    return error_set(error, "%s", text);
}

static int start(const struct server *server, struct error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(error, errno, "pipe");
    cleanup_close int reader = ends[0], writer = ends[1];
    struct clone_args arguments = {.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC,
                                   .exit_signal = SIGCHLD};
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0)
        return error_errno(error, errno, "cannot make its namespaces");
    if (pid == 0) {
        cleanup_error struct error problem = {0};
        serve(server, writer, &problem);
        _exit(write(writer, problem.message, strlen(problem.message)) > 0 ? 127 : 126);
    }
    close(take_fd(writer));
    return await_start(pid, reader, error);
}

int share_servers_start(struct guest_setup *setup, const struct identity *user, const char *label,
                        struct error *error)
{
    for (size_t i = 0; i < setup->share_count; i++) {
        struct guest_share *share = &setup->shares[i];
        const struct server server = {.program = setup->virtiofsd,
                                      .version = &setup->virtiofsd_version,
                                      .share = share,
                                      .user = user,
                                      .label = label};
        if (share->listener < 0)
            continue;
        if (start(&server, error) < 0)
            return error_prefix(error, "%s (for %s)", server.program, share->destination);
        close(take_fd(share->listener));
        close(take_fd(share->tree));
    }
    return 0;
}
