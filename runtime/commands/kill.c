#include "formats/base/signal.h"
#include "runtime/commands/command.h"

int command_kill(const struct command *command, const struct invocation *invocation, struct error *error)
{
    bool all = false;
    const struct option_spec specs[] = {
        OPTION_FLAG("all", 'a', "signal every process in the container's cgroups", &all),
        OPTIONS_END,
    };
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 1, 2, &operands, error);
    if (parsed <= 0)
        return parsed;
    if (command_hand_over(invocation, operands.items[0], error) < 0)
        return -1;
    const char *name = operands.count > 1 ? operands.items[1] : "TERM";
    int signal = signal_from_name(name);
    if (signal < 0)
        return error_set(error, "kill: unknown signal \"%s\"", name);
    return container_kill(&invocation->runtime, operands.items[0], signal, all, error);
}
