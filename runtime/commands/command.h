/* The commands of urunc: one file each, found by name in the table of main.c. */
#ifndef RUNTIME_COMMANDS_COMMAND_H
#define RUNTIME_COMMANDS_COMMAND_H

#include "formats/base/error.h"
#include "runtime/commands/options.h"
#include "runtime/lifecycle/container.h"

/* One call of the program. */
struct invocation {
    struct runtime runtime;
    struct strings globals; /* the global flags as another runtime takes them; without --root and --config */
    char *const *argv;      /* argv[0] is the command's name; ends with NULL */
};

struct command {
    const char *name;
    const char *usage;   /* behind the name: "[OPTIONS] ID" */
    const char *summary; /* one line */
    /* Returns the exit status of the program (0 to 255), or -1 with the error set. */
    int (*run)(const struct command *command, const struct invocation *invocation, struct error *error);
};

/*
 * Parses the command's options, prints its usage for --help, and checks the number of positional words.
 * Returns 1 to go on, 0 where --help was answered, -1 for a usage error. `specs` has no --help; it is added.
 */
int command_parse(const struct command *command, const struct invocation *invocation,
                  const struct option_spec *specs, size_t minimum, size_t maximum, struct words *words,
                  struct error *error);

/* For a container that is another runtime's: executes that with the same command line. Returns 0 where it is
 * ours or nobody's, -1 on failure. */
int command_hand_over(const struct invocation *invocation, const char *id, struct error *error);

extern const struct command command_create;
extern const struct command command_delete;
extern const struct command command_features;
extern const struct command command_kill;
extern const struct command command_list;
extern const struct command command_run;
extern const struct command command_spec;
extern const struct command command_start;
extern const struct command command_state;

#endif
