/* CMD: the guest's arguments behind the ENTRYPOINT. */
#include "builder/instructions/command.h"
#include "builder/instructions/handlers.h"
#include "formats/base/cleanup.h"

int execute_cmd(struct build *build, struct stage *stage, const struct instruction *instruction,
                struct error *error)
{
    (void)build;
    (void)error;
    stage->cmd_line = instruction->line;
    if (stage->config.entrypoint.count == 0)
        stage->shell_form_line = 0; /* only the CMD that it replaces can have set it */
    command_set(&stage->config.cmd, stage, instruction);
    return 0;
}
