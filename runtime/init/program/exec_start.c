#include "runtime/init/program/exec_start.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "runtime/init/program/exec_request.h"
#include "runtime/init/program/stdio.h"
#include "runtime/init/program/terminal.h"

/* Both ends of everything; -1 where there is none. */
struct ends {
    int program[STREAMS]; /* the program's */
    int ours[STREAMS];
    int report[2];
};

static bool open_ends(const struct exec_request *request, struct ends *ends)
{
    int pipes[STREAMS][2];
    if (pipe2(ends->report, O_CLOEXEC | O_NONBLOCK) < 0)
        return false;
    if (request->terminal) {
        int slave = -1;
        if (!terminal_open(&ends->ours[STREAM_STDOUT], &slave))
            return false;
        ends->ours[STREAM_STDIN] = ends->ours[STREAM_STDOUT];
        for (int i = 0; i < STREAMS; i++)
            ends->program[i] = slave;
        if (request->rows != 0 && request->columns != 0)
            terminal_resize(ends->ours[STREAM_STDOUT], request->rows, request->columns);
        return true;
    }
    for (int i = 0; i < STREAMS; i++) {
        int own = i == STREAM_STDIN ? 1 : 0;
        if (!stdio_pipe(pipes[i], own))
            return false;
        ends->ours[i] = pipes[i][own];
        ends->program[i] = pipes[i][1 - own];
    }
    return true;
}

/* Of a terminal, all three are one descriptor. */
static void close_ends(const int fds[STREAMS])
{
    for (int i = 0; i < STREAMS; i++)
        if (fds[i] >= 0 && (i == 0 || fds[i] != fds[i - 1]))
            close(fds[i]);
}

static _Noreturn void become_program(const struct exec_request *request, const struct ends *ends)
{
    stdio_give(ends->program, request->terminal, request->launch.uid);
    enum channel_step step = launch_become(&request->launch);
    uint8_t report[5] = {0, 0, 0, 0, (uint8_t)step};
    channel_put32(report, (uint32_t)errno);
    ssize_t written = write(ends->report[1], report, sizeof report);
    _exit(written == sizeof report ? launch_status(errno) : 1);
}

static int start_process(struct exec *exec, const struct exec_request *request, struct ends *ends)
{
    if (!open_ends(request, ends))
        return errno;
    pid_t pid = fork();
    if (pid == 0)
        become_program(request, ends);
    if (pid < 0)
        return errno;
    exec->pid = pid;
    exec->terminal = request->terminal;
    exec->report = ends->report[0];
    exec->input = ends->ours[STREAM_STDIN];
    exec->output[0] = ends->ours[STREAM_STDOUT];
    exec->output[1] = request->terminal ? -1 : ends->ours[STREAM_STDERR];
    return 0;
}

int exec_start(struct exec *exec, enum channel_step *step)
{
    struct exec_request request;
    struct ends ends = {{-1, -1, -1}, {-1, -1, -1}, {-1, -1}};
    *step = CHANNEL_STEP_REQUEST;
    int number = exec_request_parse(exec->request, exec->request_size, &request);
    if (number == 0) {
        *step = CHANNEL_STEP_PROCESS;
        number = start_process(exec, &request, &ends);
        close_ends(ends.program);
        if (ends.report[1] >= 0)
            close(ends.report[1]);
        if (number != 0) {
            close_ends(ends.ours);
            if (ends.report[0] >= 0)
                close(ends.report[0]);
        }
    }
    exec_request_free(&request);
    return number;
}
