#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/commands/run.h"
#include "runtime/exit_status/convention.h"
#include "runtime/lifecycle/attend.h"
#include "runtime/lifecycle/checkpoint.h"
#include "runtime/lifecycle/fallback.h"
#include "runtime/sandbox/namespaces/rootless.h"
#include "runtime/sandbox/own_program.h"

static void close_run(struct run *run)
{
    const int fds[] = {run->signals, run->master};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static int exit_status(const struct ending *ending)
{
    if (ending->no_reader)
        return 128 + SIGPIPE;
    if (WIFSIGNALED(ending->wait_status))
        return 128 + WTERMSIG(ending->wait_status);
    int status = WEXITSTATUS(ending->wait_status);
    /* The monitor that was asked has said that it ended, or that its guest did so without a report. */
    bool is_its_own = status == 0 || status == EXIT_STATUS_FAILED;
    return is_its_own && ending->asked != 0 ? 128 + ending->asked : status;
}

static int attend_container(const struct invocation *invocation, const struct run *run, pid_t pid,
                            struct error *error)
{
    struct ending ending;
    cleanup_error struct error ignored = {0};
    cleanup_state struct state state = {0};
    cleanup_close int directory = container_load(&invocation->runtime, run->request.id, &state, &ignored);
    const struct attended attended = {
        .pid = pid,
        .signals = run->signals,
        .master = run->master,
        .state = &state,
        .directory = directory,
    };
    if (attend(&attended, &run->before, &ending, error) < 0)
        return -1;
    return exit_status(&ending);
}

static void remove_container(const struct invocation *invocation, const struct run *run)
{
    cleanup_error struct error failed = {0};
    if (container_delete(&invocation->runtime, run->request.id, true, &failed) < 0)
        log_warning(&invocation->runtime.log, &failed);
}

static int start_and_attend(const struct invocation *invocation, struct run *run, pid_t pid,
                            struct error *error)
{
    struct winsize size;
    attend_copy_window(run->master, &size); /* the guest is told at its start */
    int status = container_start(&invocation->runtime, run->request.id, error);
    if (status == 0 && run->request.image_path != NULL)
        status = container_await_restored(&invocation->runtime, run->request.id, error);
    if (status < 0) {
        remove_container(invocation, run);
        waitpid(pid, NULL, 0);
        return -1;
    }
    if (run->detach)
        return 0;
    status = attend_container(invocation, run, pid, error);
    if (!run->keep)
        remove_container(invocation, run);
    return status;
}

static int prepare(struct run *run, sigset_t *mask, struct error *error)
{
    if (run->detach)
        return 0;
    run->request.attended = true;
    if (run->request.console_socket == NULL)
        run->request.console_master = &run->master;
    stdio_remember(&run->before);
    run->signals = attend_signals(mask, error);
    return run->signals < 0 ? -1 : 0;
}

static int run_container(const struct invocation *invocation, struct run *run, struct error *error)
{
    sigset_t mask;
    sigemptyset(&mask);
    if (prepare(run, &mask, error) < 0)
        return -1;
    pid_t pid = 0;
    run->request.user_namespace = &run->user_namespace;
    switch (container_create(&invocation->runtime, &run->request, &pid, error)) {
    case CREATE_FAILED:
        return -1;
    case CREATE_NOT_A_UNIKERNEL:
        sigprocmask(SIG_SETMASK, &mask, NULL);
        return fallback_exec(&invocation->runtime, &invocation->globals, invocation->argv, NULL, error);
    case CREATE_NEEDS_NAMESPACE:
        sigprocmask(SIG_SETMASK, &mask, NULL);
        return rootless_exec(invocation->whole, run->user_namespace, error);
    case CREATE_DONE:
        break;
    }
    return start_and_attend(invocation, run, pid, error);
}

int run_command(const struct command *command, const struct invocation *invocation,
                const struct option_spec *specs, struct run *run, struct error *error)
{
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &operands, error);
    if (parsed <= 0)
        return parsed;
    if (own_program_protect(invocation->whole, error) < 0)
        return -1;
    run->request.id = operands.items[0];
    int status = run_container(invocation, run, error);
    close_run(run);
    return status;
}

int command_run(const struct command *command, const struct invocation *invocation, struct error *error)
{
    struct run run = RUN_NONE;
    const struct option_spec specs[] = {
        RUN_OPTIONS(run),
        OPTION_FLAG("keep", 0, "do not delete the container after its end", &run.keep),
        OPTIONS_END,
    };
    return run_command(command, invocation, specs, &run, error);
}
