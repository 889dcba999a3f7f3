/* Command lines: a table of options for each command, from which they are parsed and explained. */
#ifndef RUNTIME_COMMANDS_OPTIONS_H
#define RUNTIME_COMMANDS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

struct option_spec {
    const char *name;     /* "bundle" for --bundle; NULL ends the table */
    char letter;          /* 'b' for -b, or 0 */
    const char *argument; /* "DIR" where it takes a value, else NULL */
    const char *help;
    /* Where it goes: a `bool *` without an argument, else a `const char **`. NULL: accepted and ignored. */
    void *target;
};

/* Words of a command line; `items` ends with NULL once there is one. The words are borrowed, the vector is
 * owned. */
struct words {
    const char **items;
    size_t count;
};
void words_free(struct words *words);
#define cleanup_words __attribute__((cleanup(words_free)))

/*
 * Takes the options out of `argv` (after argv[0], to its NULL): "--name VALUE", "--name=VALUE", "-n VALUE";
 * "--" ends them. What is left is added to `positional` (borrowed pointers). With `stop_at_positional` the
 * first word that is no option ends the parsing and its index is returned; otherwise the index of the end. -1
 * for an unknown option or a missing value.
 */
int options_parse(const struct option_spec *specs, char *const *argv, bool stop_at_positional,
                  struct words *positional, struct error *error);

/* Prints the table, one line an option. */
void options_print(const struct option_spec *specs);

#endif
