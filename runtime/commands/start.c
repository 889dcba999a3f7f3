/* urunc start */
#include "runtime/commands/command.h"

static int run(const struct command *command, const struct invocation *invocation, struct error *error)
{
    static const struct option_spec specs[] = {{NULL, 0, NULL, NULL, NULL}};
    cleanup_words struct words words = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &words, error);
    if (parsed <= 0)
        return parsed;
    if (command_hand_over(invocation, words.items[0], error) < 0)
        return -1;
    return container_start(&invocation->runtime, words.items[0], NULL, error);
}

const struct command command_start = {
    .name = "start",
    .usage = "ID",
    .summary = "Boots a created container.",
    .run = run,
};
