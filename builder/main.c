/* urunc-build: the options before a command, and the one place that prints an error. */
#include <stdio.h>
#include <string.h>

#include "builder/commands/command.h"
#include "builder/spec/location.h"

static void print_help(const struct option_spec *specs)
{
    printf("Usage: urunc-build COMMAND [OPTIONS] ARGUMENTS\n\n"
           "Builds OCI images that carry a unikernel.\n\nCommands:\n");
    for (const struct command *command = commands; command->name != NULL; command++)
        printf("  %-10s %s\n", command->name, command->summary);
    printf("\nOptions:\n");
    options_print(specs);
    printf("\n`urunc-build COMMAND --help` explains a command.\n");
}

static int run_command(char *const *argv, struct error *error)
{
    char help[] = "--help", *asked[] = {argv[1], help, NULL};
    bool is_help = strcmp(argv[0], "help") == 0;
    char *const *words = is_help ? asked : argv;
    const struct command *command = command_find(words[0], error);
    return command != NULL ? command->run(command, words, error) : -1;
}

static int run(char *const *argv, struct error *error)
{
    bool version = false;
    const struct option_spec specs[] = {
        OPTION_FLAG("version", 'v', "print the version", &version),
        OPTIONS_END,
    };
    int next = options_parse(specs, argv, OPTIONS_TO_OPERAND, NULL, error);
    if (next < 0)
        return -1;
    if (version) {
        printf("urunc-build version %s\n", URUNC_VERSION);
        return 0;
    }
    bool only_help =
        next > 0 && argv[next] != NULL && strcmp(argv[next], "help") == 0 && argv[next + 1] == NULL;
    if (next == 0 || only_help) {
        print_help(specs);
        return 0;
    }
    if (argv[next] == NULL)
        return error_set(error, "a command is missing; see urunc-build --help");
    return run_command(argv + next, error);
}

int main(int argc, char **argv)
{
    (void)argc;
    cleanup_error struct error error = {0};
    int status = run(argv, &error);
    if (status < 0) {
        fprintf(stderr, "%s%s\n", error_is_located(&error) ? "" : "urunc-build: ",
                error.message != NULL ? error.message : "failed");
        return 1;
    }
    /* Output that did not reach its file is a failure too. */
    if (fflush(stdout) != 0) {
        perror("urunc-build: standard output");
        return 1;
    }
    return status;
}
