#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/commands/command.h"
#include "runtime/lifecycle/attend.h"
#include "runtime/lifecycle/fallback.h"
#include "runtime/sandbox/own_program.h"

struct run {
    struct create_request request;
    bool detach;
    bool keep;
    int signals;
    struct stdio_settings before;
    int master;         /* of the container's terminal, -1: none */
    int status_pipe[2]; /* on which the guest reports its program's exit status */
};

static void close_run(struct run *run)
{
    const int fds[] = {run->signals, run->master, run->status_pipe[0], run->status_pipe[1]};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* The last byte that the guest wrote, or -1. */
static int reported_status(int fd)
{
    unsigned char bytes[256];
    int last = -1;
    ssize_t got;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while ((got = read(fd, bytes, sizeof bytes)) > 0)
        last = bytes[got - 1];
    return last;
}

static int exit_status(const struct ending *ending, int reported, bool reports, struct error *error)
{
    if (reported >= 0)
        return reported;
    if (WIFSIGNALED(ending->wait_status))
        return 128 + WTERMSIG(ending->wait_status);
    int status = WEXITSTATUS(ending->wait_status);
    if (status == 0 && ending->asked != 0)
        return 128 + ending->asked;
    if (status == 0 && reports)
        return error_set(error,
                         "the guest ended without reporting an exit status: it crashed, was reset, or its "
                         "monitor was told to end");
    return status;
}

static int attend_container(struct run *run, pid_t pid, bool reports, struct error *error)
{
    struct ending ending;
    /* So that only the monitor holds the write end. */
    close(take_fd(run->status_pipe[1]));
    if (attend(pid, run->signals, run->master, &run->before, &ending, error) < 0)
        return -1;
    return exit_status(&ending, reported_status(run->status_pipe[0]), reports, error);
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
    struct start_result result = {0};
    int status = container_start(&invocation->runtime, run->request.id, &result, error);
    if (status < 0) {
        remove_container(invocation, run);
        waitpid(pid, NULL, 0);
        return -1;
    }
    if (run->detach)
        return 0;
    status = attend_container(run, pid, result.reports_status, error);
    if (!run->keep)
        remove_container(invocation, run);
    return status;
}

static int prepare(struct run *run, sigset_t *mask, struct error *error)
{
    if (run->detach)
        return 0;
    if (run->request.console_socket == NULL)
        run->request.console_master = &run->master;
    stdio_remember(&run->before);
    run->signals = attend_signals(mask, error);
    if (run->signals < 0)
        return -1;
    if (pipe2(run->status_pipe, O_CLOEXEC) < 0)
        return error_errno(error, errno, "pipe");
    run->request.status_fd = run->status_pipe[1];
    return 0;
}

static int run_container(const struct invocation *invocation, struct run *run, struct error *error)
{
    sigset_t mask;
    sigemptyset(&mask);
    if (prepare(run, &mask, error) < 0)
        return -1;
    pid_t pid = 0;
    switch (container_create(&invocation->runtime, &run->request, &pid, error)) {
    case CREATE_FAILED:
        return -1;
    case CREATE_NOT_A_UNIKERNEL:
        sigprocmask(SIG_SETMASK, &mask, NULL);
        return fallback_exec(&invocation->runtime, &invocation->globals, invocation->argv, error);
    case CREATE_DONE:
        break;
    }
    return start_and_attend(invocation, run, pid, error);
}

int command_run(const struct command *command, const struct invocation *invocation, struct error *error)
{
    struct run run = {
        .request = {.bundle = ".", .status_fd = -1},
        .signals = -1,
        .master = -1,
        .status_pipe = {-1, -1},
    };
    const struct option_spec specs[] = {
        CREATE_OPTIONS(run.request),
        OPTION_FLAG("detach", 'd', "do not wait for the container's end", &run.detach),
        OPTION_FLAG("keep", 0, "do not delete the container after its end", &run.keep),
        OPTION_IGNORED("no-subreaper", NULL, "accepted; urunc is never a subreaper"),
        OPTIONS_END,
    };
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &operands, error);
    if (parsed <= 0)
        return parsed;
    if (own_program_protect(invocation->whole, error) < 0)
        return -1;
    run.request.id = operands.items[0];
    int status = run_container(invocation, &run, error);
    close_run(&run);
    return status;
}
