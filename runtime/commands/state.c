#include <stdio.h>

#include "formats/base/cleanup.h"
#include "runtime/commands/command.h"

static int print_state(const struct invocation *invocation, const char *id, struct error *error)
{
    cleanup_state struct state state = {0};
    cleanup_close int directory = container_load(&invocation->runtime, id, &state, error);
    if (directory < 0)
        return -1;
    cleanup_json json_t *json = state_describe(&state, state_status(directory, &state));
    cleanup_free char *text = json_dumps(json, JSON_INDENT(2));
    printf("%s\n", text != NULL ? text : "{}");
    return 0;
}

int command_state(const struct command *command, const struct invocation *invocation, struct error *error)
{
    static const struct option_spec specs[] = {OPTIONS_END};
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &operands, error);
    if (parsed <= 0)
        return parsed;
    if (command_hand_over(invocation, operands.items[0], error) < 0)
        return -1;
    return print_state(invocation, operands.items[0], error);
}
