/* Removing a container. */
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
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "runtime/bundle/hooks.h"
#include "runtime/lifecycle/container.h"
#include "runtime/network/network.h"

enum { KILL_TIMEOUT = 10 * 1000 }; /* milliseconds that a killed process may take to go away */

static int end_process(const struct state *state, struct error *error)
{
    cleanup_close int pidfd = state_open_process(state);
    if (pidfd < 0)
        return 0;
    if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
        return error_errno(error, errno, "cannot kill process %d", (int)state->pid);
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    int ready;
    while ((ready = poll(&ended, 1, KILL_TIMEOUT)) < 0 && errno == EINTR)
        ;
    if (ready <= 0)
        return error_set(error, "process %d does not end", (int)state->pid);
    return 0;
}

/* In a process of its own, which alone enters the network namespace. */
static _Noreturn void leave_network(const struct state *state, int namespace_fd, const struct log *log)
{
    struct error error = {0};
    int status = setns(namespace_fd, CLONE_NEWNET);
    if (status < 0)
        error_errno(&error, errno, "cannot enter %s", state->network_namespace);
    else
        status = network_leave(state->network_interface, state->network_tap, &error);
    if (status < 0)
        log_warning(log, &error);
    _exit(status < 0 ? 1 : 0);
}

/* A namespace that is gone took everything with it. */
static int clean_network(const struct state *state, const struct log *log, struct error *error)
{
    if (state->network_namespace == NULL || state->network_interface == NULL || state->network_tap == NULL)
        return 0;
    cleanup_close int fd = open(state->network_namespace, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : error_errno(error, errno, "%s", state->network_namespace);
    pid_t pid = fork();
    if (pid < 0)
        return error_errno(error, errno, "fork");
    if (pid == 0)
        leave_network(state, fd, log);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return error_set(error, "the network of the container was not cleaned up");
}

static int check_status(int directory, const struct state *state, const char *id, struct error *error)
{
    enum status status = state_status(directory, state);
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
    int status = step(end_process(state, &failed), force, log, &failed, error);
    if (status < 0)
        return -1;
    read_again(directory, state);
    status |= step(clean_network(state, log, &failed), force, log, &failed, error);
    status |= step(cgroups_remove(&state->cgroups, &failed), force, log, &failed, error);
    /* The state stays for another try where something is left. */
    if (status < 0)
        return -1;
    if (state_directory_remove(runtime->root, id, error) < 0)
        return -1;
    if (!hooks_has(state->hooks, HOOK_POSTSTOP))
        return 0;
    cleanup_free char *text = state_spec_text(state, STATUS_STOPPED);
    if (hooks_run(state->hooks, HOOK_POSTSTOP, text, &failed) < 0)
        log_warning(log, &failed);
    return 0;
}

/* No state that can be read: an interrupted `create`. What it made besides the directory went with it, but
 * for the cgroups. */
static int remove_stateless(const struct runtime *runtime, int directory, const char *id, struct error *error)
{
    cleanup_free char *noted = state_noted_cgroup(directory);
    cleanup_free char *path = cgroup_path(noted, id, error);
    if (path != NULL)
        cgroups_remove_at(path);
    error_clear(error);
    return state_directory_remove(runtime->root, id, error);
}

/* Of several at once one removes; the others must not take a new container of that name for the old one. A
 * directory without links was removed. */
static int lock(int directory, struct error *error)
{
    struct stat status;
    while (flock(directory, LOCK_EX) < 0)
        if (errno != EINTR)
            return error_errno(error, errno, "cannot lock the state");
    return fstat(directory, &status) == 0 && status.st_nlink > 0 ? 1 : 0;
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
    int exists = lock(directory, error);
    if (exists <= 0)
        return exists < 0 || force ? exists : error_set(error, "container \"%s\" does not exist", id);
    if (state_read(directory, &state, error) == 0) {
        if (!force && check_status(directory, &state, id, error) < 0)
            return -1;
        return remove_all(runtime, directory, &state, id, force, error);
    }
    if (!force)
        return error_prefix(error, "container \"%s\"", id);
    error_clear(error);
    return remove_stateless(runtime, directory, id, error);
}
