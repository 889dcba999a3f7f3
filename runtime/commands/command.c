/* What all commands share. */
#include "runtime/commands/command.h"

#include <stdio.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/lifecycle/fallback.h"

static void print_usage(const struct command *command, const struct option_spec *specs)
{
    printf("Usage: urunc [GLOBAL OPTIONS] %s %s\n\n%s\n", command->name, command->usage, command->summary);
    if (specs->name == NULL)
        return;
    printf("\nOptions:\n");
    options_print(specs);
}

static bool asks_for_help(char *const *argv)
{
    for (argv++; *argv != NULL && strcmp(*argv, "--") != 0; argv++)
        if (strcmp(*argv, "--help") == 0 || strcmp(*argv, "-h") == 0)
            return true;
    return false;
}

int command_parse(const struct command *command, const struct invocation *invocation,
                  const struct option_spec *specs, size_t minimum, size_t maximum, struct words *words,
                  struct error *error)
{
    if (asks_for_help(invocation->argv)) {
        print_usage(command, specs);
        return 0;
    }
    if (options_parse(specs, invocation->argv, false, words, error) < 0)
        return error_prefix(error, "%s", command->name);
    if (words->count >= minimum && words->count <= maximum)
        return 1;
    return error_set(error, "%s: the usage is: urunc %s %s", command->name, command->name, command->usage);
}

int command_hand_over(const struct invocation *invocation, const char *id, struct error *error)
{
    if (!container_is_foreign(&invocation->runtime, id))
        return 0;
    return fallback_exec(&invocation->runtime, &invocation->globals, invocation->argv, error);
}
