/* MONITOR: the annotation `hypervisor`. */
#include "builder/instructions/handlers.h"
#include "builder/stage/facts.h"

int execute_monitor(struct build *build, struct stage *stage, const struct instruction *instruction,
                    struct error *error)
{
    if (facts_set_word(build, stage, instruction, 0, KEY_HYPERVISOR, error) < 0)
        return -1;
    stage_add_history(stage, instruction);
    return 0;
}
