/* Errors that have a place in a spec: "FILE:LINE: message". */
#ifndef BUILDER_SPEC_PLACE_H
#define BUILDER_SPEC_PLACE_H

#include <stdbool.h>

#include "formats/base/error.h"

/* error->number of an error whose message starts with its place; such an error is printed without the
 * program's name, so that editors and CI annotate the line. */
enum { ERROR_NUMBER_PLACE = -1 };

bool error_has_place(const struct error *error);

/* Puts "FILE:LINE: " before the message, once: an inner place, which is more exact, stays. Line 0 stands for
 * the command line: the message stays as it is. A message with words of a monstrous length in it loses its
 * middle. Returns -1. */
int error_place(struct error *error, const char *file, int line);

#endif
