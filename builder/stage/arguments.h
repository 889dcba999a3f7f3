/* Build arguments: the ARGs before the first FROM, and those that are predefined. */
#ifndef BUILDER_STAGE_ARGUMENTS_H
#define BUILDER_STAGE_ARGUMENTS_H

#include "builder/stage/build_state.h"

/* Gives the ARGs before the first FROM their values; SOURCE_DATE_EPOCH among them is the time of the build.
 * Errors are located. */
int arguments_read_globals(struct build *build, struct error *error);

/* Expands a word of FROM: global and predefined arguments take part. NULL and an error; else owned by the
 * caller. */
char *arguments_expand_global(struct build *build, const char *word, struct error *error);

/* The value of a predefined argument (TARGETARCH and its like), which --build-arg can change; owned by the
 * caller, or NULL. */
char *arguments_predefined(const struct build *build, const char *name);

/* Splits "NAME=default" or "NAME"; *value is NULL for the latter. Both point into the word. */
int arguments_split(const struct build *build, char *word, char **value, struct error *error);

#endif
