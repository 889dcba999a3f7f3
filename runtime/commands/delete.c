#include <errno.h>

#include "runtime/commands/command.h"

int command_delete(const struct command *command, const struct invocation *invocation, struct error *error)
{
    bool force = false;
    const struct option_spec specs[] = {
        OPTION_FLAG("force", 'f', "kill it where it runs; no error where it does not exist", &force),
        OPTIONS_END,
    };
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &operands, error);
    if (parsed <= 0)
        return parsed;
    const char *id = operands.items[0];
    if (command_hand_over(invocation, id, error) == 0)
        return container_delete(&invocation->runtime, id, force, error);
    if (!force || error->number != ENOENT)
        return -1;
    log_warning(&invocation->runtime.log, error);
    return container_delete_foreign(&invocation->runtime, id, error);
}
