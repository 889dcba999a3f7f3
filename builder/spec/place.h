/* Errors that have a place in a spec: "FILE:LINE: message". */
#ifndef BUILDER_SPEC_PLACE_H
#define BUILDER_SPEC_PLACE_H

#include <stdbool.h>

#include "formats/base/error.h"

/* True if the message starts with its place: such an error is printed without the program's name, so that
 * editors and CI annotate the line. */
bool error_has_place(const struct error *error);

/* Puts "FILE:LINE: " before the message, once: an inner place, which is more exact, stays. Line 0 stands for
 * the command line: the message stays as it is. Returns -1. */
int error_place(struct error *error, const char *file, int line);

#endif
