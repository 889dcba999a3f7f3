/* Variables that an instruction uses and nothing sets (BuildKit's check UndefinedVar). */
#ifndef BUILDER_STAGE_UNDEFINED_H
#define BUILDER_STAGE_UNDEFINED_H

#include "builder/stage/build_state.h"

/* Warns of each name in build->undefined, which is emptied, but for ARGs that were declared without a value
 * (`declared`, or NULL). A near name among the variables is suggested. */
void undefined_warn(struct build *build, const struct strings *variables, const struct strings *declared,
                    int line);

#endif
