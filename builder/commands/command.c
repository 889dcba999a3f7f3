#include "builder/commands/command.h"

#include <stdio.h>
#include <string.h>

#include "formats/base/suggest.h"

#define COMMAND_ENTRY(name_, usage_, summary_) {#name_, usage_, summary_, command_##name_},
const struct command commands[] = {COMMANDS(COMMAND_ENTRY){NULL, NULL, NULL, NULL}};
#undef COMMAND_ENTRY

const struct command *command_find(const char *name, struct error *error)
{
    const char *near = NULL;
    for (const struct command *command = commands; command->name != NULL; command++) {
        if (strcmp(command->name, name) == 0)
            return command;
        near = suggest_nearer(name, near, command->name);
    }
    if (near != NULL)
        error_set(error, "unknown command \"%s\"; did you mean \"%s\"?", name, near);
    else
        error_set(error, "unknown command \"%s\"; see urunc-build --help", name);
    return NULL;
}

int command_parse(const struct command *command, char *const *argv, const struct option_spec *specs,
                  const char *description, struct operands *operands, struct error *error)
{
    int end = options_parse(specs, argv, OPTIONS_TO_END, operands, error);
    if (end < 0)
        return error_prefix(error, "%s", command->name);
    if (end > 0)
        return 1;
    printf("Usage: urunc-build %s %s\n\n%s\n%s\nOptions:\n", command->name, command->usage, command->summary,
           description);
    options_print(specs);
    return 0;
}

int command_wrong_usage(const struct command *command, struct error *error)
{
    return error_set(error, "%s: the usage is: urunc-build %s %s", command->name, command->name,
                     command->usage);
}
