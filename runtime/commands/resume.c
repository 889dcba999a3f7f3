#include "runtime/commands/command.h"

int command_resume(const struct command *command, const struct invocation *invocation, struct error *error)
{
    const struct option_spec specs[] = {OPTIONS_END};
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &operands, error);
    if (parsed <= 0)
        return parsed;
    if (command_hand_over(invocation, operands.items[0], error) < 0)
        return -1;
    return container_resume(&invocation->runtime, operands.items[0], error);
}
