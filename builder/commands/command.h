/* The commands of urunc-build: one file each, registered by one line in COMMANDS. */
#ifndef BUILDER_COMMANDS_COMMAND_H
#define BUILDER_COMMANDS_COMMAND_H

#include "formats/base/error.h"
#include "formats/base/options.h"

struct command {
    const char *name;
    const char *usage;   /* behind the name: "[OPTIONS] CONTEXT" */
    const char *summary; /* one line */
    /* argv[0] is the command's name; argv ends with NULL. Returns the exit status of the program, or -1 with
     * the error set. */
    int (*run)(const struct command *command, char *const *argv, struct error *error);
};

/* The commands: name, usage, summary. Each has a function command_NAME; one that is missing does not link,
 * and one that is not listed does not compile. */
#define COMMANDS(X)                                                                                          \
    X(build, "[OPTIONS] CONTEXT", "Builds an image from a Containerfile and the files in a directory.")      \
    X(bundle, "[OPTIONS] IMAGE DIR", "Unpacks an image into a bundle for an OCI runtime.")

#define DECLARE_COMMAND(name_, usage_, summary_)                                                             \
    int command_##name_(const struct command *command, char *const *argv, struct error *error);
COMMANDS(DECLARE_COMMAND)
#undef DECLARE_COMMAND

extern const struct command commands[]; /* ends with a name of NULL */

/* NULL and an error, with a suggestion, for an unknown name. */
const struct command *command_find(const char *name, struct error *error);

/* Parses the command's options and prints its usage, with `description` (maybe several lines, or ""), for
 * --help. Returns 1 to go on, 0 where --help was answered, -1 for a usage error. */
int command_parse(const struct command *command, char *const *argv, const struct option_spec *specs,
                  const char *description, struct operands *operands, struct error *error);

/* The error for a wrong number of operands; returns -1. */
int command_wrong_usage(const struct command *command, struct error *error);

#endif
