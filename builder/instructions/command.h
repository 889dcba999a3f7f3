/* The command of an image, which CMD and ENTRYPOINT set. */
#ifndef BUILDER_INSTRUCTIONS_COMMAND_H
#define BUILDER_INSTRUCTIONS_COMMAND_H

#include "builder/stage/stage.h"

/* Sets a command of the stage's config from the instruction's words. Nothing is expanded: variables of a
 * command are the guest's. */
void command_set(struct strings *command, struct stage *stage, const struct instruction *instruction);

#endif
