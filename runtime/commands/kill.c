/* urunc kill */
#include "runtime/commands/command.h"

static int run(const struct command *command, const struct invocation *invocation, struct error *error)
{
    bool all = false;
    const struct option_spec specs[] = {
        {"all", 'a', NULL, "signal every process in the container's cgroups", &all},
        {NULL, 0, NULL, NULL, NULL},
    };
    cleanup_words struct words words = {0};
    int parsed = command_parse(command, invocation, specs, 1, 2, &words, error);
    if (parsed <= 0)
        return parsed;
    if (command_hand_over(invocation, words.items[0], error) < 0)
        return -1;
    const char *name = words.count > 1 ? words.items[1] : "TERM";
    int signal = signal_from_name(name);
    if (signal < 0)
        return error_set(error, "kill: unknown signal \"%s\"", name);
    return container_kill(&invocation->runtime, words.items[0], signal, all, error);
}

const struct command command_kill = {
    .name = "kill",
    .usage = "[OPTIONS] ID [SIGNAL]",
    .summary = "Sends a signal (a name or a number, default TERM) to a container.",
    .run = run,
};
