/* ENTRYPOINT: the first of the guest's arguments. */
#include "builder/instructions/command.h"
#include "builder/instructions/handlers.h"

int execute_entrypoint(struct build *build, struct stage *stage, const struct instruction *instruction,
                       struct error *error)
{
    (void)build;
    (void)error;
    /* A CMD that came with the base was meant for the base's entrypoint (as in Docker). */
    if (stage->cmd_line == 0) {
        strings_free(&stage->config.cmd);
        stage->shell_form_line = 0;
    }
    command_set(&stage->config.entrypoint, stage, instruction);
    return 0;
}
