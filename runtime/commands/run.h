/* What `run` and `restore` have in common: create, start, wait, delete. */
#ifndef RUNTIME_COMMANDS_RUN_H
#define RUNTIME_COMMANDS_RUN_H

#include "runtime/commands/command.h"
#include "runtime/lifecycle/attend.h"

struct run {
    struct create_request request;
    bool detach;
    bool keep;
    int signals;
    struct stdio_settings before;
    int master;         /* of the container's terminal, -1: none */
    int user_namespace; /* that rootless_exec enters, -1: none */
};
#define RUN_NONE ((struct run){.request = {.bundle = "."}, .signals = -1, .master = -1, .user_namespace = -1})

#define RUN_OPTIONS(run_)                                                                                    \
    CREATE_OPTIONS((run_).request),                                                                          \
        OPTION_FLAG("detach", 'd', "do not wait for the container's end", &(run_).detach),                   \
        OPTION_IGNORED("no-subreaper", NULL, "accepted; urunc is never a subreaper")

/* Parses the options and does it all; returns the guest's exit status. */
int run_command(const struct command *command, const struct invocation *invocation,
                const struct option_spec *specs, struct run *run, struct error *error);

#endif
