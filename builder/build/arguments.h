/* ARG: build arguments, global ones, and those that are predefined. */
#ifndef BUILDER_BUILD_ARGUMENTS_H
#define BUILDER_BUILD_ARGUMENTS_H

#include "builder/build/build.h"

/* Gives the ARGs before the first FROM their values. Errors are placed. */
int arguments_read_globals(struct build *build, struct error *error);

/* Expands a word of FROM: global and predefined arguments take part. NULL and an error; else owned by the
 * caller. */
char *arguments_expand_global(const struct build *build, const char *word, struct error *error);

/* Warns of each --build-arg that no ARG of the spec asks for. */
void arguments_warn_unused(const struct build *build);

#endif
