/* Making a container. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "runtime/bundle/hooks.h"
#include "runtime/lifecycle/container.h"
#include "runtime/process/message.h"
#include "runtime/process/waiting.h"
#include "runtime/sandbox/kernel_settings.h"

void container_free(struct container *container)
{
    const int fds[] = {container->directory, container->listener, container->create_end,
                       container->process_end};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    console_close(&container->console);
    seccomp_filter_free(&container->seccomp);
    guest_setup_free(&container->guest);
    state_free(&container->state);
    config_free(&container->config);
    bundle_free(&container->bundle);
    *container = CONTAINER_NONE;
}
#define cleanup_container __attribute__((cleanup(container_free)))

/* ---- reading: nothing is made yet ---- */

static int check_terminal(const struct bundle *bundle, const struct create_request *request,
                          struct error *error)
{
    bool has_taker = request->console_socket != NULL || request->console_master != NULL;
    if (bundle->process.terminal && !has_taker)
        return error_set(
            error,
            "config.json: process.terminal: a detached container with a terminal needs --console-socket");
    if (!bundle->process.terminal && request->console_socket != NULL)
        return error_set(error, "--console-socket: config.json: process.terminal is not true");
    return 0;
}

static enum create_result read_everything(const struct runtime *runtime, const struct create_request *request,
                                          struct container *container, struct error *error)
{
    struct bundle *bundle = &container->bundle;
    if (bundle_open(request->bundle, bundle, error) < 0)
        return CREATE_FAILED;
    switch (guest_setup_read(bundle, &container->guest.unikernel, error)) {
    case UNIKERNEL_FAILED:
        return CREATE_FAILED;
    case UNIKERNEL_ABSENT:
        return CREATE_NOT_A_UNIKERNEL;
    case UNIKERNEL_FOUND:
        break;
    }
    if (bundle_read(bundle, error) < 0 || check_terminal(bundle, request, error) < 0 ||
        sysctl_check(bundle->sysctl, &bundle->namespaces, error) < 0 ||
        config_load(runtime->config_path, &container->config, error) < 0 ||
        seccomp_compile(bundle->seccomp, &container->seccomp, error) < 0 ||
        guest_setup_open(bundle, &container->config, &container->guest, error) < 0)
        return CREATE_FAILED;
    return CREATE_DONE;
}

/* What whoever called us left open is neither the hooks' nor the monitor's, and a pipe or a lock of the
 * caller must not be held by a container that waits. All that is ours is close-on-exec, so the rest is the
 * caller's. */
static void close_inherited(void)
{
    cleanup_closedir DIR *descriptors = opendir("/proc/self/fd");
    if (descriptors == NULL) {
        close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(descriptors)) != NULL) {
        int fd = atoi(entry->d_name);
        int flags = fd > STDERR_FILENO ? fcntl(fd, F_GETFD) : -1;
        if (flags >= 0 && !(flags & FD_CLOEXEC))
            close(fd);
    }
}

/* ---- making ---- */

static void fill_state(struct container *container)
{
    const struct bundle *bundle = &container->bundle;
    char when[32];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &utc));
    const char *network = bundle->namespaces.path[NAMESPACE_NETWORK];
    bool joins_network = network != NULL && !namespace_is_own(network, "net");
    struct state *state = &container->state;
    state->id = xstrdup(container->id);
    state->oci_version = xstrdup(bundle->oci_version);
    state->bundle = xstrdup(bundle->path);
    state->rootfs = xstrdup(bundle->rootfs);
    state->created = xasprintf("%s.%09ldZ", when, now.tv_nsec);
    state->owner = geteuid();
    state->annotations = json_incref((json_t *)bundle->annotations);
    state->hooks = json_incref((json_t *)bundle->hooks);
    struct stat status;
    if (joins_network && stat(network, &status) == 0) {
        state->network_namespace = xstrdup(network);
        state->network_device = status.st_dev;
        state->network_inode = status.st_ino;
    }
}

/* The socket that `start` connects to. Bound through the directory's descriptor, because a socket's path has
 * 107 bytes at most and --root may be longer. */
static int listen_for_start(struct container *container, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" START_SOCKET,
             container->directory);
    container->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (container->listener < 0 ||
        bind(container->listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(container->listener, 4) < 0)
        return error_errno(error, errno, START_SOCKET);
    return 0;
}

/* Before anything else is made: whoever finds this knows what there may be to undo. */
static int write_plan(struct container *container, struct error *error)
{
    cleanup_free char *path = cgroup_path(container->bundle.cgroups_path, container->id, error);
    if (path == NULL || cgroups_plan(path, &container->state.cgroups, error) < 0)
        return -1;
    return state_write(container->directory, &container->state, error);
}

static int make_cgroups(struct container *container, struct error *error)
{
    const struct bundle *bundle = &container->bundle;
    uint64_t overhead = guest_monitor_config(&container->guest, &container->config)->overhead;
    return cgroups_create(&container->state.cgroups, bundle->resources, overhead, error);
}

static int make_console(struct container *container, const struct create_request *request,
                        struct error *error)
{
    const struct process *process = &container->bundle.process;
    if (!process->terminal)
        return 0;
    int64_t owner = namespaces_host_uid(&container->bundle.namespaces, process->uid);
    if (console_open(process->console_height, process->console_width, owner >= 0 ? (uid_t)owner : 0,
                     &container->console, error) < 0)
        return -1;
    if (request->console_socket != NULL)
        return console_send(&container->console, request->console_socket, error);
    *request->console_master = fcntl(container->console.master, F_DUPFD_CLOEXEC, 3);
    return *request->console_master >= 0 ? 0 : error_errno(error, errno, "the terminal");
}

static int spawn(struct container *container, struct error *error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_errno(error, errno, "socketpair");
    container->create_end = ends[0];
    container->process_end = ends[1];
    if (cgroups_open(&container->state.cgroups, error) < 0)
        return -1;
    pid_t pid = namespaces_spawn(&container->bundle.namespaces, cgroups_clone_fd(&container->state.cgroups),
                                 waiting_process, container, error);
    cgroups_close(&container->state.cgroups);
    /* Only the process may hold its end: that it ended is seen by the end being closed. */
    close(take_fd(container->process_end));
    console_close(&container->console);
    if (pid < 0)
        return -1;
    container->state.pid = pid;
    container->state.start_time = process_start_time(pid);
    return state_write(container->directory, &container->state, error);
}

static int write_oom_score(const struct container *container, struct error *error)
{
    if (!container->bundle.process.has_oom_score_adj)
        return 0;
    char path[64], text[16];
    snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)container->state.pid);
    int length = snprintf(text, sizeof text, "%d", container->bundle.process.oom_score_adj);
    cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, text, (size_t)length) == length)
        return 0;
    /* Lowering it needs CAP_SYS_RESOURCE; who cannot raise limits either goes without, as with the limits. */
    if (errno == EACCES || errno == EPERM)
        return 0;
    return error_errno(error, errno, "config.json: process.oomScoreAdj: %s", text);
}

static int run_create_hooks(struct container *container, bool *hooks_ran, struct error *error)
{
    const json_t *hooks = container->bundle.hooks;
    cleanup_free char *state = state_spec_text(&container->state, STATUS_CREATING);
    *hooks_ran = true;
    if (hooks_run(hooks, HOOK_PRESTART, state, error) < 0)
        return -1;
    return hooks_run(hooks, HOOK_CREATE_RUNTIME, state, error);
}

/* Leads the new process to where it waits. */
static int settle(struct container *container, bool *hooks_ran, struct error *error)
{
    struct message message;
    char pid[16];
    const struct namespaces *namespaces = &container->bundle.namespaces;
    snprintf(pid, sizeof pid, "%d", (int)container->state.pid);
    if (namespace_is_new(namespaces, NAMESPACE_USER) &&
        namespaces_write_mappings(namespaces, container->state.pid, error) < 0)
        return -1;
    if (write_oom_score(container, error) < 0 ||
        message_send(container->create_end, MESSAGE_ENTER, "", error) < 0 ||
        message_expect(container->create_end, MESSAGE_ENTERED, &message, error) < 0 ||
        run_create_hooks(container, hooks_ran, error) < 0 ||
        message_send(container->create_end, MESSAGE_HOOKS, pid, error) < 0)
        return -1;
    return message_expect(container->create_end, MESSAGE_CREATED, &message, error);
}

static int write_pid_file(const char *path, pid_t pid, struct error *error)
{
    if (path == NULL)
        return 0;
    cleanup_free char *temporary = xasprintf("%s.tmp", path);
    cleanup_close int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return error_errno(error, errno, "--pid-file %s", path);
    char text[16];
    int length = snprintf(text, sizeof text, "%d", (int)pid);
    if (write_all(fd, text, (size_t)length, path, error) == 0) {
        if (rename(temporary, path) == 0)
            return 0;
        error_errno(error, errno, "--pid-file %s", path);
    }
    unlink(temporary);
    return -1;
}

static int make_everything(struct container *container, const struct create_request *request, bool *hooks_ran,
                           struct error *error)
{
    if (write_plan(container, error) < 0 || listen_for_start(container, error) < 0 ||
        make_cgroups(container, error) < 0 || make_console(container, request, error) < 0 ||
        spawn(container, error) < 0 || settle(container, hooks_ran, error) < 0 ||
        write_pid_file(request->pid_file, container->state.pid, error) < 0)
        return -1;
    container->state.complete = true;
    return state_write(container->directory, &container->state, error);
}

/* Takes back what was made, after a failure. */
static void unmake(const struct runtime *runtime, struct container *container,
                   const struct create_request *request, bool hooks_ran)
{
    cleanup_error struct error ignored = {0};
    if (container->state.pid > 0) {
        kill(container->state.pid, SIGKILL);
        while (waitpid(container->state.pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (request->console_master != NULL && *request->console_master >= 0)
        close(take_fd(*request->console_master));
    if (cgroups_remove(&container->state.cgroups, &ignored) < 0)
        log_warning(&runtime->log, &ignored);
    if (state_directory_remove(runtime->root, container->id, &ignored) < 0)
        log_warning(&runtime->log, &ignored);
    if (!hooks_ran)
        return;
    cleanup_free char *state = state_spec_text(&container->state, STATUS_STOPPED);
    if (hooks_run(container->bundle.hooks, HOOK_POSTSTOP, state, &ignored) < 0)
        log_warning(&runtime->log, &ignored);
}

static void log_choice(const struct runtime *runtime, const struct container *container)
{
    cleanup_free char *kernel = kernel_probe_describe(&container->guest.probe);
    cleanup_free char *text =
        xasprintf("%s: framework %s (%s) on %s", container->id,
                  framework_name(container->guest.unikernel.framework), kernel, container->guest.program);
    log_line(&runtime->log, LOG_LEVEL_DEBUG, text);
}

enum create_result container_create(const struct runtime *runtime, const struct create_request *request,
                                    pid_t *pid, struct error *error)
{
    cleanup_container struct container container = CONTAINER_NONE;
    container.id = request->id;
    container.status_fd = request->status_fd;
    if (container_id_check(request->id, error) < 0)
        return CREATE_FAILED;
    enum create_result result = read_everything(runtime, request, &container, error);
    if (result != CREATE_DONE)
        return result;
    close_inherited();
    fill_state(&container);
    container.directory = state_directory_make(runtime->root, request->id, error);
    if (container.directory < 0)
        return CREATE_FAILED;
    log_choice(runtime, &container);
    bool hooks_ran = false;
    if (make_everything(&container, request, &hooks_ran, error) < 0) {
        unmake(runtime, &container, request, hooks_ran);
        return CREATE_FAILED;
    }
    /* The waiting process has a copy of the descriptor, and with it of the lock. */
    state_directory_unlock(container.directory);
    *pid = container.state.pid;
    return CREATE_DONE;
}
