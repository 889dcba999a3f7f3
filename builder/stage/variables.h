/* Variables as vectors of "NAME=value": a stage's environment and its build arguments. */
#ifndef BUILDER_STAGE_VARIABLES_H
#define BUILDER_STAGE_VARIABLES_H

#include <stdbool.h>

#include "formats/base/buffer.h"

/* The value (borrowed), or NULL. */
const char *variables_get(const struct strings *variables, const char *name);

/* Sets or replaces a value; the order of first definitions stays. */
void variables_set(struct strings *variables, const char *name, const char *value);

/* Sets all of `others`. */
void variables_set_all(struct strings *variables, const struct strings *others);

#endif
