/* Locations of errors in specs and ignore files: "FILE:LINE: message". */
#ifndef BUILDER_SPEC_LOCATION_H
#define BUILDER_SPEC_LOCATION_H

#include <stdbool.h>

#include "formats/base/error.h"

/* True if the message starts with its location: such an error is printed without the program's name, so that
 * editors and CI annotate the line. */
bool error_is_located(const struct error *error);

/* Puts "FILE:LINE: " before the message, once: an inner location, which is more exact, stays. Line 0 stands
 * for the command line: the message stays as it is. Returns -1. */
int error_locate(struct error *error, const char *file, int line);

#endif
