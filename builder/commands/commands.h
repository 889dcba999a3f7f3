/* The subcommands of urunc-build: one file each, and a table in builder/main.c. */
#ifndef BUILDER_COMMANDS_COMMANDS_H
#define BUILDER_COMMANDS_COMMANDS_H

#include "formats/base/error.h"

struct command {
    const char *name;
    const char *summary; /* one line for `urunc-build --help` */
    /* argv[0] is the command's name. Returns the exit status, or -1 with the error set; main prints it. */
    int (*run)(int argc, char **argv, struct error *error);
};

int command_build(int argc, char **argv, struct error *error);
int command_bundle(int argc, char **argv, struct error *error);

#endif
