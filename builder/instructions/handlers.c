#include "builder/instructions/handlers.h"

#define NAME_HANDLER(id, name, ...) [INSTRUCTION_##id] = execute_##name,
static instruction_handler *const handlers[] = {INSTRUCTION_LIST(NAME_HANDLER)};
#undef NAME_HANDLER

int instruction_execute(struct build *build, struct stage *stage, const struct instruction *instruction,
                        struct error *error)
{
    return handlers[instruction->kind->id](build, stage, instruction, error);
}
