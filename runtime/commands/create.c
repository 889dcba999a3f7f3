#include "runtime/commands/command.h"
#include "runtime/lifecycle/fallback.h"
#include "runtime/sandbox/own_program.h"

int command_create(const struct command *command, const struct invocation *invocation, struct error *error)
{
    struct create_request request = {.bundle = ".", .status_fd = -1};
    const struct option_spec specs[] = {
        OPTION_VALUE("bundle", 'b', "DIR", "the bundle: a directory with a config.json (default: .)",
                     &request.bundle),
        OPTION_VALUE("console-socket", 0, "PATH", "AF_UNIX socket to which the terminal is sent",
                     &request.console_socket),
        OPTION_VALUE("pid-file", 0, "PATH", "file to write the process ID to", &request.pid_file),
        OPTION_IGNORED("no-pivot", NULL, "accepted; the monitor's root is always made by pivot_root"),
        OPTION_IGNORED("preserve-fds", "N", "accepted; a monitor is passed no descriptors"),
        OPTION_IGNORED("no-new-keyring", NULL, "accepted; no keyring is made"),
        OPTIONS_END,
    };
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &operands, error);
    if (parsed <= 0)
        return parsed;
    if (own_program_protect(invocation->whole, error) < 0)
        return -1;
    request.id = operands.items[0];
    pid_t pid = 0;
    enum create_result result = container_create(&invocation->runtime, &request, &pid, error);
    if (result == CREATE_NOT_A_UNIKERNEL)
        return fallback_exec(&invocation->runtime, &invocation->globals, invocation->argv, error);
    return result == CREATE_DONE ? 0 : -1;
}
