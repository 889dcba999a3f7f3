/* `pause` and `resume`: two commands of one shape. */
#include "runtime/commands/command.h"

typedef int container_action(const struct runtime *runtime, const char *id, struct error *error);

static int act(const struct command *command, const struct invocation *invocation, container_action *action,
               struct error *error)
{
    const struct option_spec specs[] = {OPTIONS_END};
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &operands, error);
    if (parsed <= 0)
        return parsed;
    if (command_hand_over(invocation, operands.items[0], error) < 0)
        return -1;
    return action(&invocation->runtime, operands.items[0], error);
}

int command_pause(const struct command *command, const struct invocation *invocation, struct error *error)
{
    return act(command, invocation, container_pause, error);
}

int command_resume(const struct command *command, const struct invocation *invocation, struct error *error)
{
    return act(command, invocation, container_resume, error);
}
