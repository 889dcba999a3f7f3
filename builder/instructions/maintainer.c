/* MAINTAINER: the image's author. */
#include "builder/instructions/handlers.h"
#include "formats/base/memory.h"

int execute_maintainer(struct build *build, struct stage *stage, const struct instruction *instruction,
                       struct error *error)
{
    (void)build;
    (void)error;
    stage_set_text(&stage->config.author, xstrdup(instruction->words.items[0]));
    stage_add_history(stage, instruction);
    return 0;
}
