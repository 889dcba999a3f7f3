/* The stages that a spec names: in FROM, in --from and in --target. */
#ifndef BUILDER_STAGE_STAGE_NAMES_H
#define BUILDER_STAGE_STAGE_NAMES_H

#include "builder/stage/build_state.h"

enum { STAGE_SCRATCH = -1, STAGE_NONE = -2 };

/* The number of a stage by its name, in any case, or by its number; STAGE_NONE. */
int stage_named(const struct spec *spec, const char *text);

/*
 * The stage that the FROM of stage number `stage` (expanded with the globals) begins with, or STAGE_SCRATCH.
 * STAGE_NONE and an error: a base that is neither scratch nor a stage; a stage that is used before it is
 * defined or is built from itself.
 */
int stage_named_by_base(struct build *build, size_t stage, struct error *error);

/* The stage that the instruction's --from names. Only for instructions of the stage with this number, which
 * have the flag. STAGE_NONE and an error. */
int stage_named_by_flag(const struct build *build, size_t stage, const struct instruction *instruction,
                        struct error *error);

#endif
