/* The words and flags of an instruction, expanded, and the source of its files. */
#ifndef BUILDER_STAGE_SCOPE_H
#define BUILDER_STAGE_SCOPE_H

#include "builder/spec/expand.h"
#include "builder/stage/build_state.h"

/* The variables of a stage as they stand now: its environment and its arguments. Borrows both. */
struct expand_scope scope_variables(struct build *build, const struct stage *stage);

/* Expands a word with these variables. NULL and an error; else owned by the caller. */
char *scope_expand(struct build *build, const struct stage *stage, const char *word, struct error *error);

/* The only word of an instruction, expanded and not empty. The error begins with the instruction's name. */
char *scope_expand_only(struct build *build, const struct stage *stage, const struct instruction *instruction,
                        struct error *error);

/* A flag, expanded: *value is NULL where it is not given. Owned by the caller. */
int scope_flag(struct build *build, const struct stage *stage, const struct instruction *instruction,
               const char *name, char **value, struct error *error);

/* The source of the instruction's files: the stage that --from names, or the build context. Borrowed from
 * `space` or the build. NULL and an error. */
struct files *scope_files(struct build *build, const struct instruction *instruction,
                          struct tree_files *space, struct error *error);

/* Makes the path absolute with the stage's working directory. Owned by the caller. */
char *scope_absolute_path(const struct stage *stage, const char *path);

#endif
