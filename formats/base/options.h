/*
 * Command lines: a table of options for each command, from which they are parsed and explained.
 *
 * The parser is here and the tables are in the programs, so that both read a command line alike. getopt_long
 * would not do: it takes `--plat` for `--platform`, and keeps its state in globals.
 */
#ifndef FORMATS_BASE_OPTIONS_H
#define FORMATS_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "formats/base/error.h"

struct option_spec {
    const char *name;     /* "bundle" for --bundle; NULL ends the table */
    char letter;          /* 'b' for -b, or 0 */
    const char *argument; /* "DIR" where it takes a value, else NULL */
    const char *help;
    /* The variable that takes it. With none of the three it is accepted and ignored. */
    bool *flag;         /* an option without an argument */
    const char **value; /* one with; borrowed from argv */
    /* Reads the value of an option that may be given more than once, or that is more than a text. The
     * option's name is put before its error. */
    int (*add)(void *context, const char *value, struct error *error);
    void *context;
    /* For an option of other programs that people type and this one does not have: what to do instead. It is
     * refused by name, and not listed. */
    const char *instead;
};

#define OPTION_FLAG(name_, letter_, help_, flag_)                                                            \
    {                                                                                                        \
        .name = name_, .letter = letter_, .help = help_, .flag = flag_                                       \
    }
#define OPTION_VALUE(name_, letter_, argument_, help_, value_)                                               \
    {                                                                                                        \
        .name = name_, .letter = letter_, .argument = argument_, .help = help_, .value = value_              \
    }
#define OPTION_ADD(name_, letter_, argument_, help_, add_, context_)                                         \
    {                                                                                                        \
        .name = name_, .letter = letter_, .argument = argument_, .help = help_, .add = add_,                 \
        .context = context_                                                                                  \
    }
/* `argument` is "N" where a value follows, else NULL. */
#define OPTION_IGNORED(name_, argument_, help_)                                                              \
    {                                                                                                        \
        .name = name_, .argument = argument_, .help = help_                                                  \
    }
#define OPTION_REFUSED(name_, instead_)                                                                      \
    {                                                                                                        \
        .name = name_, .instead = instead_                                                                   \
    }
#define OPTIONS_END                                                                                          \
    {                                                                                                        \
        .name = NULL                                                                                         \
    }

/* The words of a command line besides options. `items` ends with NULL once there is one. The words are
 * borrowed, the vector is owned. */
struct operands {
    const char **items;
    size_t count;
};
void operands_free(struct operands *operands);
#define cleanup_operands __attribute__((cleanup(operands_free)))

enum options_extent {
    OPTIONS_TO_END,     /* options and operands in any order */
    OPTIONS_TO_OPERAND, /* the first operand ends the options: a command, with options of its own */
};

/*
 * Takes the options out of `argv` (after argv[0], to its NULL): "--name VALUE", "--name=VALUE", "-n VALUE",
 * "-nVALUE", "-ab" for two flags, and "-name" with one dash, as in Go's programs; "--" ends them. A name is
 * never abbreviated. What is left is added to `operands` (may be NULL with OPTIONS_TO_OPERAND).
 *
 * Returns the index of the word at which it stopped, or 0 where it met --help or -h, which every table has
 * without an entry. -1 for an unknown option or a missing value.
 */
int options_parse(const struct option_spec *specs, char *const *argv, enum options_extent extent,
                  struct operands *operands, struct error *error);

/* Prints the table to standard output, one line an option, --help last. */
void options_print(const struct option_spec *specs);

#endif
