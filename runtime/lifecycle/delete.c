#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "runtime/bundle/hooks.h"
#include "runtime/lifecycle/foreign.h"
#include "runtime/lifecycle/lifecycle.h"
#include "runtime/lifecycle/metrics.h"
#include "runtime/network/network.h"
#include "runtime/sandbox/cgroups/freezer.h"
#include "runtime/sandbox/cgroups/systemd/systemd.h"
#include "runtime/sandbox/namespaces/namespaces.h"
#include "runtime/trace.h"

enum {
    KILL_TIMEOUT = 10 * 1000,     /* milliseconds that a killed process may take to go away */
    LOCK_ATTEMPTS = 4000,         /* of LOCK_PAUSE each: 20 seconds for another `delete` to end */
    INTERRUPT_ATTEMPTS = 400,     /* 2 seconds for a `create` whose process was killed */
    LOCK_PAUSE = 5 * 1000 * 1000, /* nanoseconds */
};

static int end_process(const struct state *state, struct error *error)
{
    cleanup_close int pidfd = state_open_process(state);
    if (pidfd < 0)
        return errno == ESRCH ? 0 : error_errno(error, errno, "process %d", (int)state->pid);
    if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
        return error_errno(error, errno, "cannot kill process %d", (int)state->pid);
    /* A frozen process of cgroups of version 1 ends when it is thawed. */
    if (cgroups_are_frozen(&state->cgroups) && cgroups_thaw(&state->cgroups, error) < 0)
        return -1;
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    int ready;
    while ((ready = poll(&ended, 1, KILL_TIMEOUT)) < 0 && errno == EINTR)
        ;
    if (ready <= 0)
        return error_set(error, "process %d does not end", (int)state->pid);
    return 0;
}

/* user_network's; a process of the same number and start time, as the container's own. */
static int end_user_network(const struct state *state, struct error *error)
{
    const struct state helper = {.pid = state->network_pid, .start_time = state->network_start_time};
    return helper.pid > 0 ? end_process(&helper, error) : 0;
}

static int leave_all(const struct state *state, int namespace_fd, struct error *error)
{
    int status = 0;
    if (namespace_enter_network(namespace_fd) < 0)
        return error_errno(error, errno, "cannot enter %s", state->network_namespace);
    for (size_t i = 0; i < state->network_taps.count; i++)
        status |= network_leave(state->network_interfaces.items[i], state->network_taps.items[i], error);
    return status;
}

/* In a process of its own, which alone enters the network namespace. */
static _Noreturn void leave_network(const struct state *state, int namespace_fd, const struct log *log)
{
    struct error error = {0};
    int status = leave_all(state, namespace_fd, &error);
    if (status < 0)
        log_warning(log, &error);
    _exit(status < 0 ? 1 : 0);
}

/* A namespace that is gone took everything with it, also where another one has its path by now. */
static int clean_network(const struct state *state, const struct log *log, struct error *error)
{
    if (state->network_namespace == NULL || state->network_taps.count == 0)
        return 0;
    cleanup_close int fd = namespace_open(state->network_namespace, error);
    if (fd < 0 && error->number == ENOENT) {
        error_clear(error);
        return 0;
    }
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_is_set(error) ? -1 : error_errno(error, errno, "%s", state->network_namespace);
    if (status.st_dev != state->network_device || status.st_ino != state->network_inode)
        return 0;
    pid_t pid = fork();
    if (pid < 0)
        return error_errno(error, errno, "fork");
    if (pid == 0)
        leave_network(state, fd, log);
    int ended = 0;
    while (waitpid(pid, &ended, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(ended) && WEXITSTATUS(ended) == 0)
        return 0;
    return error_set(error, "the network of the container was not cleaned up");
}

static int clean_resctrl(const struct state *state, struct error *error)
{
    cleanup_error struct error unmounted = {0};
    if (state->resctrl.group == NULL)
        return 0;
    /* Unmounted, it took its groups along. */
    cleanup_free char *mount = resctrl_find(&unmounted);
    return mount != NULL ? resctrl_remove(mount, &state->resctrl, error) : 0;
}

static int check_status(int directory, const struct state *state, const char *id, struct error *error)
{
    /* With the lock in our hands no `create` is under way. */
    enum status status = state->complete ? state_status(directory, state) : STATUS_STOPPED;
    /* As with runc, one that was never started can be deleted. */
    if (status == STATUS_STOPPED || status == STATUS_CREATED)
        return 0;
    return error_set(error, "cannot delete container \"%s\" that is not stopped: %s", id,
                     status_name(status));
}

/* A step that fails must not keep the others from being done; with `force` it is a warning. */
static int step(int status, bool force, const struct log *log, struct error *step_error, struct error *error)
{
    if (status >= 0)
        return 0;
    if (force || error_is_set(error)) {
        log_warning(log, step_error);
        return force ? 0 : -1;
    }
    *error = take(*step_error, ((struct error){0}));
    return -1;
}

/* With the process gone nothing is joined any more, so from now on the state says all there is to undo: a
 * `start` that was under way may have written to it since it was read. */
static void read_again(int directory, struct state *state)
{
    cleanup_error struct error ignored = {0};
    struct state now = {0};
    if (state_read(directory, &now, &ignored) < 0)
        return;
    state_free(state);
    *state = now;
}

static int remove_all(const struct runtime *runtime, int directory, struct state *state, const char *id,
                      bool force, struct error *error)
{
    const struct log *log = &runtime->log;
    cleanup_error struct error failed = {0};
    cleanup_trace struct trace trace;
    trace_open(state->trace, TRACE_DELETE, &trace);
    TRACE_BLOCK(&trace, "delete");
    /* With `force` as well: nobody would know any more of a monitor that goes on. */
    if (end_process(state, error) < 0)
        return -1;
    read_again(directory, state);
    int status = step(end_user_network(state, &failed), force, log, &failed, error);
    status |= step(clean_network(state, log, &failed), force, log, &failed, error);
    status |= step(cgroups_remove(&state->cgroups, &failed), force, log, &failed, error);
    status |= step(clean_resctrl(state, &failed), force, log, &failed, error);
    if (state->systemd_unit != NULL)
        status |= step(systemd_stop(state->systemd_unit, &failed), force, log, &failed, error);
    /* The state stays for another try where something is left. */
    if (status < 0)
        return -1;
    if (state_directory_remove(runtime->root, id, error) < 0)
        return -1;
    if (!hooks_has(state->hooks, HOOK_POSTSTOP))
        return 0;
    cleanup_free char *text = state_spec_text(state, STATUS_STOPPED);
    hooks_run_all(state->hooks, HOOK_POSTSTOP, text, log_warning_of, (void *)log);
    return 0;
}

/* Without a state, or with one that is broken, nothing is known but where the cgroups are by default. */
static int remove_stateless(const struct runtime *runtime, const char *id, struct error *error)
{
    cleanup_free char *path = cgroup_path(NULL, id, error);
    if (path == NULL)
        return -1;
    cgroups_remove_empty(path);
    return state_directory_remove(runtime->root, id, error);
}

/* The process of a `create` that is under way is ended, so that `create` fails and takes back what it made.
 * Returns 1 where there was one. */
static int interrupt_create(int directory, const char *id, bool force, struct error *error)
{
    cleanup_state struct state state = {0};
    cleanup_error struct error ignored = {0};
    if (state_read(directory, &state, &ignored) < 0 || state.complete)
        return 0;
    if (!force)
        return error_set(error, "cannot delete container \"%s\" that is not stopped: %s", id,
                         status_name(STATUS_CREATING));
    return end_process(&state, error) < 0 ? -1 : state.pid > 0;
}

/* Of several at once one removes; the others must not take a new container of that name for the old one.
 * Returns 0 where the directory was removed meanwhile (it has no links then). */
static int lock(int directory, const char *id, bool force, struct error *error)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE};
    for (int attempt = 0; flock(directory, LOCK_EX | LOCK_NB) < 0; attempt++) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_errno(error, errno, "cannot lock the state");
        int interrupted = interrupt_create(directory, id, force, error);
        if (interrupted < 0)
            return -1;
        /* It hangs in a hook. Without a process it makes nothing any more. */
        if (interrupted > 0 && attempt >= INTERRUPT_ATTEMPTS)
            break;
        if (attempt == LOCK_ATTEMPTS)
            return error_set(error, "container \"%s\": another command is at work on it", id);
        nanosleep(&pause, NULL);
    }
    return state_directory_exists(directory, error);
}

/* A broken state may stand for more than there is to see, so it takes `force`. One that cannot be read now,
 * for want of memory or descriptors, may be whole: whoever removed it would leave a monitor that nobody
 * knows. */
static bool is_broken(const struct error *error)
{
    bool is_no_file = error->number == EINVAL || error->number == EISDIR || error->number == ELOOP;
    return error->number == 0 || is_no_file;
}

int container_delete(const struct runtime *runtime, const char *id, bool force, struct error *error)
{
    cleanup_state struct state state = {0};
    if (container_id_check(id, error) < 0)
        return -1;
    cleanup_close int directory = state_directory_open(runtime->root, id, error);
    if (directory < 0 && force && error->number == ENOENT)
        error_clear(error);
    if (directory < 0)
        return error_is_set(error) ? -1 : 0;
    int64_t began = clock_milliseconds();
    int exists = lock(directory, id, force, error);
    if (exists <= 0)
        return exists < 0 || force ? exists : error_set(error, "container \"%s\" does not exist", id);
    if (state_read(directory, &state, error) == 0) {
        if (!force && check_status(directory, &state, id, error) < 0)
            return -1;
        int status = remove_all(runtime, directory, &state, id, force, error);
        metrics_record(runtime, state.metrics, METRICS_delete, began, status < 0);
        return status;
    }
    if (error->number != ENOENT && !(force && is_broken(error)))
        return error_prefix(error, "container \"%s\"", id);
    error_clear(error);
    return remove_stateless(runtime, id, error);
}

int container_delete_foreign(const struct runtime *runtime, const char *id, struct error *error)
{
    cleanup_state struct state state = {0};
    cleanup_close int directory = state_directory_open(runtime->root, id, error);
    if (directory < 0)
        return -1;
    const char *made_by = foreign_runtime(directory);
    if (made_by == NULL || *made_by == '\0')
        return error_set(error, "container \"%s\" is neither urunc's nor runc's nor crun's", id);
    /* Of a record that cannot be read only the files are known. */
    cleanup_error struct error unreadable = {0};
    if (foreign_read(directory, &state, &unreadable) < 0)
        log_warning(&runtime->log, &unreadable);
    if (end_process(&state, error) < 0 || cgroups_remove(&state.cgroups, error) < 0 ||
        foreign_clear(directory, error) < 0)
        return -1;
    return state_directory_remove(runtime->root, id, error);
}
