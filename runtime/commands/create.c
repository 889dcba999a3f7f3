/* urunc create */
#include "runtime/commands/command.h"
#include "runtime/lifecycle/fallback.h"

static int run(const struct command *command, const struct invocation *invocation, struct error *error)
{
    struct create_request request = {.bundle = ".", .status_fd = -1};
    const struct option_spec specs[] = {
        {"bundle", 'b', "DIR", "the bundle: a directory with a config.json (default: .)", &request.bundle},
        {"console-socket", 0, "PATH", "AF_UNIX socket to which the terminal is sent",
         &request.console_socket},
        {"pid-file", 0, "PATH", "file to write the process ID to", &request.pid_file},
        {"no-pivot", 0, NULL, "accepted; the monitor's root is always made by pivot_root", NULL},
        {"preserve-fds", 0, "N", "accepted; a monitor is passed no descriptors", NULL},
        {"no-new-keyring", 0, NULL, "accepted; no keyring is made", NULL},
        {NULL, 0, NULL, NULL, NULL},
    };
    cleanup_words struct words words = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &words, error);
    if (parsed <= 0)
        return parsed;
    request.id = words.items[0];
    pid_t pid = 0;
    enum create_result result = container_create(&invocation->runtime, &request, &pid, error);
    if (result == CREATE_NOT_A_UNIKERNEL)
        return fallback_exec(&invocation->runtime, &invocation->globals, invocation->argv, error);
    return result == CREATE_DONE ? 0 : -1;
}

const struct command command_create = {
    .name = "create",
    .usage = "[OPTIONS] ID",
    .summary = "Makes a container from a bundle; `start` boots it.",
    .run = run,
};
