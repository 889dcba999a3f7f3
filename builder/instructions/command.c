#include "builder/instructions/command.h"

void command_set(struct strings *command, struct stage *stage, const struct instruction *instruction)
{
    strings_free(command);
    if (!instruction->json) {
        strings_add(command, "/bin/sh");
        strings_add(command, "-c");
        stage->shell_form_line = instruction->line;
    }
    strings_add_all(command, &instruction->words);
    stage_add_history(stage, instruction);
}
