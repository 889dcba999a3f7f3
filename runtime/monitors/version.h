/*
 * The version of a monitor's program, by which a driver chooses options.
 *
 * A program tells its version when it is run with --version. That takes longer than a small guest does to
 * boot, so the answer is kept in a file of the state root until the program is another one.
 */
#ifndef RUNTIME_MONITORS_VERSION_H
#define RUNTIME_MONITORS_VERSION_H

#include <stdbool.h>
#include <stddef.h>

#include "formats/base/error.h"

/* All 0: not known. */
struct version {
    unsigned major;
    unsigned minor;
    unsigned patch;
};

bool version_is_known(const struct version *version);

/* True if the version is that one or a newer one. An unknown version is older than all. */
bool version_at_least(const struct version *version, unsigned major, unsigned minor);

/* Finds the first word that is a version in what a program printed: "7.2.22", "v53.0-dirty". The text is
 * hostile. False where there is none. */
bool version_parse(const char *text, size_t length, struct version *version);

/* Tells the version of a program (an absolute path): from `directory` (the state root), else from the program
 * itself, which is run without a shell, with an empty environment, for 5 seconds at most, and tells it on
 * standard output or (Solo5's tenders) error. A program that does not tell has the unknown version, which is
 * no error; an error is a program that is not there. */
int version_find(const char *program, const char *directory, struct version *version, struct error *error);

#endif
