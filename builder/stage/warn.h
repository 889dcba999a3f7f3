/* Warnings. */
#ifndef BUILDER_STAGE_WARN_H
#define BUILDER_STAGE_WARN_H

#include "builder/stage/build_state.h"

/* Prints "FILE:LINE: warning: ..."; the command line (line 0) has no FILE:LINE. */
void build_warn(const struct build *build, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
