/* UNIKERNEL: the annotations `unikernelType` and `unikernelVersion`. */
#include "builder/instructions/handlers.h"
#include "builder/stage/facts.h"

int execute_unikernel(struct build *build, struct stage *stage, const struct instruction *instruction,
                      struct error *error)
{
    if (facts_set_word(build, stage, instruction, 0, KEY_TYPE, error) < 0)
        return -1;
    if (instruction->words.count > 1 && facts_set_word(build, stage, instruction, 1, KEY_VERSION, error) < 0)
        return -1;
    if (instruction->words.count == 1 && stage_fact(stage, KEY_VERSION) != NULL)
        stage_set_fact(stage, KEY_VERSION, "", instruction->line); /* the version of another framework */
    stage_add_history(stage, instruction);
    return 0;
}
