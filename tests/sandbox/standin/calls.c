/*
 * System calls that a monitor has no business with. Each is tried in a child, so that what succeeds has no
 * effect on the stand-in, and with arguments that harm nothing where the call is allowed: a magic number that
 * reboot(2) refuses, a module of no bytes, the value that is set already. (The kernel looks at the permission
 * first.)
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sandbox/standin/json.h"
#include "tests/sandbox/standin/report.h"

static long try_acct(void)
{
    return acct("/nowhere");
}

static long try_bpf(void)
{
    union bpf_attr attributes = {
        .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
    return syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes);
}

static long try_chown(void)
{
    return chown("/dev/null", 1, 1);
}

static long try_chroot(void)
{
    return chroot("/");
}

static long try_clone_user(void)
{
    return unshare(CLONE_NEWUSER);
}

static long try_init_module(void)
{
    return syscall(SYS_init_module, NULL, 0, "");
}

static long try_kexec_load(void)
{
    return syscall(SYS_kexec_load, 0, 0, NULL, ~0UL);
}

static long try_keyctl(void)
{
    return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
}

static long try_kill_init(void)
{
    return kill(1, 0);
}

static long try_mknod(void)
{
    return mknod("/node", S_IFCHR | 0600, 0);
}

static long try_mount(void)
{
    return mount("none", "/", "tmpfs", 0, NULL);
}

static long try_nice(void)
{
    return setpriority(PRIO_PROCESS, 0, -1);
}

static long try_open_by_handle(void)
{
    struct {
        struct file_handle head;
        unsigned char bytes[128];
    } handle = {.head = {.handle_bytes = 128}};
    int mount_id = 0;
    if (name_to_handle_at(AT_FDCWD, "/", &handle.head, &mount_id, 0) < 0)
        return -1;
    int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return open_by_handle_at(root, &handle.head, O_RDONLY);
}

static long try_perf_event_open(void)
{
    struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attributes};
    return syscall(SYS_perf_event_open, &attributes, -1, 0, -1, 0); /* the whole processor */
}

static long try_personality(void)
{
    return personality(ADDR_NO_RANDOMIZE);
}

static long try_ptrace(void)
{
    return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
}

static long try_raise_limit(void)
{
    struct rlimit limit = {0, 0};
    if (setrlimit(RLIMIT_CORE, &limit) < 0)
        return -1;
    limit.rlim_max = 1;
    return setrlimit(RLIMIT_CORE, &limit);
}

static long try_raw_socket(void)
{
    return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static long try_reboot(void)
{
    return syscall(SYS_reboot, 0, 0, 0, NULL);
}

static long try_sethostname(void)
{
    char name[256];
    return gethostname(name, sizeof name) < 0 ? -1 : sethostname(name, strlen(name));
}

static long try_setns(void)
{
    int self = (int)syscall(SYS_pidfd_open, getppid(), 0);
    return setns(self, CLONE_NEWUTS);
}

static long try_setuid(void)
{
    return setresuid(12345, 12345, 12345);
}

static long try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static long try_swapon(void)
{
    return swapon("/nowhere", 0);
}

static long try_umount(void)
{
    return umount2("/dev/null", MNT_DETACH);
}

static long try_unshare_mount(void)
{
    return unshare(CLONE_NEWNS);
}

static const struct call {
    const char *name;
    long (*attempt)(void);
} calls[] = {
    {"acct", try_acct},
    {"bpf", try_bpf},
    {"chown", try_chown},
    {"chroot", try_chroot},
    {"init_module", try_init_module},
    {"kexec_load", try_kexec_load},
    {"keyctl", try_keyctl},
    {"kill init", try_kill_init},
    {"mknod", try_mknod},
    {"mount", try_mount},
    {"open_by_handle_at", try_open_by_handle},
    {"perf_event_open", try_perf_event_open},
    {"personality", try_personality},
    {"ptrace", try_ptrace},
    {"reboot", try_reboot},
    {"sethostname", try_sethostname},
    {"setns", try_setns},
    {"setpriority", try_nice},
    {"setresuid", try_setuid},
    {"setrlimit", try_raise_limit},
    {"socket", try_socket},
    {"socket raw", try_raw_socket},
    {"swapon", try_swapon},
    {"umount", try_umount},
    {"unshare mount", try_unshare_mount},
    {"unshare user", try_clone_user},
};

static void try_call(const struct call *call)
{
    pid_t pid = fork();
    if (pid == 0) {
        errno = 0;
        _exit(call->attempt() >= 0 ? 0 : errno);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        json_text(call->name, "not tried");
    else if (WIFSIGNALED(status))
        json_format(call->name, "signal %d", WTERMSIG(status));
    else
        json_outcome(call->name, WEXITSTATUS(status));
}

void report_calls(void)
{
    fflush(stdout); /* a child must not print again what waits in the buffer */
    json_open("calls", '{');
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        try_call(&calls[i]);
    json_close('}');
}
