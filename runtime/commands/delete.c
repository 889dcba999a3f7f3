/* urunc delete */
#include "runtime/commands/command.h"

static int run(const struct command *command, const struct invocation *invocation, struct error *error)
{
    bool force = false;
    const struct option_spec specs[] = {
        {"force", 'f', NULL, "kill it where it runs; no error where it does not exist", &force},
        {NULL, 0, NULL, NULL, NULL},
    };
    cleanup_words struct words words = {0};
    int parsed = command_parse(command, invocation, specs, 1, 1, &words, error);
    if (parsed <= 0)
        return parsed;
    if (command_hand_over(invocation, words.items[0], error) < 0)
        return -1;
    return container_delete(&invocation->runtime, words.items[0], force, error);
}

const struct command command_delete = {
    .name = "delete",
    .usage = "[OPTIONS] ID",
    .summary = "Removes a container that has stopped or was never started.",
    .run = run,
};
