/* Running the program: a child of PID 1, so that PID 1 lives on to reap and to power the machine off. */
#include "runtime/init/program/program.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime/init/console.h"
#include "runtime/init/machine/power.h"
#include "runtime/init/program/launch.h"

/* With a message as a shell has it. */
static _Noreturn void refuse(const char *program, int number)
{
    int status = launch_status(number);
    complain("%s: %s", program, status == STATUS_NOT_FOUND ? "not found" : strerror(number));
    _exit(status);
}

static _Noreturn void become_program(char *const argv[], const struct cmdline *cmdline,
                                     const struct streams *streams)
{
    const struct launch launch = {
        .argv = argv,
        .env = cmdline->env.count > 0 ? (char **)cmdline->env.items : NULL,
        .cwd = cmdline->cwd != NULL ? cmdline->cwd : "/",
        .has_user = cmdline->has_user,
        .uid = cmdline->uid,
        .gid = cmdline->gid,
        .groups = cmdline->groups,
        .group_count = cmdline->group_count,
    };
    streams_give(streams, cmdline->uid);
    enum channel_step step = launch_become(&launch);
    if (step == CHANNEL_STEP_PROGRAM)
        refuse(argv[0], errno);
    if (step == CHANNEL_STEP_DIRECTORY)
        complain("cannot enter %s:", launch.cwd);
    else
        complain("cannot become user %u:%u:", launch.uid, launch.gid);
    _exit(STATUS_NOT_EXECUTABLE);
}

pid_t program_start(char *const argv[], const struct cmdline *cmdline, struct streams *streams)
{
    pid_t pid = fork();
    if (pid == 0)
        become_program(argv, cmdline, streams);
    if (pid < 0)
        complain("cannot start a process:");
    streams_given(streams);
    return pid;
}
