/* Build arguments of the command line that the spec never declares. */
#ifndef BUILDER_BUILD_UNUSED_ARGUMENTS_H
#define BUILDER_BUILD_UNUSED_ARGUMENTS_H

#include "builder/stage/build_state.h"

/* Warns of each --build-arg that no ARG of the spec asks for. */
void unused_arguments_warn(const struct build *build);

#endif
