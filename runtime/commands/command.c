#include "runtime/commands/command.h"

#include <stdio.h>
#include <string.h>

#include "runtime/lifecycle/fallback.h"

#define COMMAND_ENTRY(name_, usage_, summary_) {#name_, usage_, summary_, command_##name_},
const struct command commands[] = {COMMANDS(COMMAND_ENTRY){NULL, NULL, NULL, NULL}};
#undef COMMAND_ENTRY

const struct command *command_find(const char *name)
{
    for (const struct command *command = commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static void print_usage(const struct command *command, const struct option_spec *specs)
{
    printf("Usage: urunc [GLOBAL OPTIONS] %s %s\n\n%s\n\nOptions:\n", command->name, command->usage,
           command->summary);
    options_print(specs);
}

int command_hand_over(const struct invocation *invocation, const char *id, struct error *error)
{
    const char *made_by = container_foreign_runtime(&invocation->runtime, id);
    if (made_by == NULL)
        return 0;
    return fallback_exec(&invocation->runtime, &invocation->globals, invocation->argv, made_by, error);
}

/* An option that urunc does not know may be one of the runtime whose container the command line names. */
static int refuse(const struct command *command, const struct invocation *invocation, struct error *error)
{
    cleanup_error struct error failed = {0};
    for (char *const *word = invocation->argv + 1; *word != NULL; word++)
        if ((*word)[0] != '-' && command_hand_over(invocation, *word, &failed) < 0)
            break;
    return error_prefix(error, "%s", command->name);
}

int command_parse(const struct command *command, const struct invocation *invocation,
                  const struct option_spec *specs, size_t minimum, size_t maximum, struct operands *operands,
                  struct error *error)
{
    int end = options_parse(specs, invocation->argv, OPTIONS_TO_END, operands, error);
    if (end < 0)
        return refuse(command, invocation, error);
    if (end == 0) {
        print_usage(command, specs);
        return 0;
    }
    if (operands->count >= minimum && operands->count <= maximum)
        return 1;
    return error_set(error, "%s: the usage is: urunc %s %s", command->name, command->name, command->usage);
}

int command_parse_id(const struct command *command, const struct invocation *invocation,
                     const struct option_spec *specs, const char **id, char *const **words,
                     struct error *error)
{
    int end = options_parse(specs, invocation->argv, OPTIONS_TO_OPERAND, NULL, error);
    if (end < 0)
        return refuse(command, invocation, error);
    if (end == 0) {
        print_usage(command, specs);
        return 0;
    }
    if (invocation->argv[end] == NULL)
        return error_set(error, "%s: the usage is: urunc %s %s", command->name, command->name,
                         command->usage);
    *id = invocation->argv[end];
    *words = invocation->argv + end + 1;
    return 1;
}
