/* urunc-build: a table of commands, and the one place that prints an error. */
#include <stdio.h>
#include <string.h>

#include "builder/commands/commands.h"
#include "builder/spec/location.h"
#include "formats/base/suggest.h"

static const struct command commands[] = {
    {"build", "build an image from a Containerfile", command_build},
    {"bundle", "unpack an image into a bundle for an OCI runtime", command_bundle},
    {NULL, NULL, NULL},
};

static void print_usage(FILE *out)
{
    fputs("Usage: urunc-build COMMAND [OPTIONS] ARGUMENTS\n"
          "\n"
          "Builds OCI images that carry a unikernel.\n"
          "\n"
          "Commands:\n",
          out);
    for (const struct command *command = commands; command->name != NULL; command++)
        fprintf(out, "  %-8s  %s\n", command->name, command->summary);
    fputs("\n"
          "Options:\n"
          "  -h, --help     print this text\n"
          "  -v, --version  print the version\n"
          "\n"
          "\"urunc-build COMMAND --help\" tells more about a command.\n",
          out);
}

static const struct command *find_command(const char *name)
{
    for (const struct command *command = commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static int unknown_command(const char *name, struct error *error)
{
    const char *near = NULL;
    for (const struct command *command = commands; command->name != NULL; command++)
        near = suggest_nearer(name, near, command->name);
    if (near != NULL)
        return error_set(error, "\"%s\" is no command; did you mean \"%s\"?", name, near);
    return error_set(error, "\"%s\" is no command; see \"urunc-build --help\"", name);
}

static int run(int argc, char **argv, struct error *error)
{
    if (argc < 2) {
        print_usage(stderr);
        return 1;
    }
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0 || strcmp(word, "-v") == 0) {
        printf("urunc-build version %s\n", URUNC_VERSION);
        return 0;
    }
    if (strcmp(word, "help") == 0 && argc > 2) {
        const struct command *command = find_command(argv[2]);
        char *arguments[] = {argv[2], (char[]){"--help"}, NULL};
        return command != NULL ? command->run(2, arguments, error) : unknown_command(argv[2], error);
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        print_usage(stdout);
        return 0;
    }
    const struct command *command = find_command(word);
    return command != NULL ? command->run(argc - 1, argv + 1, error) : unknown_command(word, error);
}

int main(int argc, char **argv)
{
    cleanup_error struct error error = {0};
    int status = run(argc, argv, &error);
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
