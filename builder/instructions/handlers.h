/* The handlers of instructions: execute_copy executes COPY, in copy.c, and so on. */
#ifndef BUILDER_INSTRUCTIONS_HANDLERS_H
#define BUILDER_INSTRUCTIONS_HANDLERS_H

#include "builder/spec/instruction_list.h"
#include "builder/stage/build_state.h"

typedef int instruction_handler(struct build *build, struct stage *stage,
                                const struct instruction *instruction, struct error *error);

/* A prototype for each line of the list; a line without a handler does not link. */
#define DECLARE_HANDLER(id, name, ...) instruction_handler execute_##name;
INSTRUCTION_LIST(DECLARE_HANDLER)
#undef DECLARE_HANDLER

/* Executes an instruction by the handler of its kind. */
instruction_handler instruction_execute;

#endif
