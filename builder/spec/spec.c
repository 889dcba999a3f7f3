#include "builder/spec/spec.h"

#include <stdlib.h>
#include <string.h>

void instruction_free(struct instruction *instruction)
{
    free(instruction->text);
    for (size_t i = 0; i < instruction->flag_count; i++) {
        free(instruction->flags[i].name);
        free(instruction->flags[i].value);
    }
    free(instruction->flags);
    strings_free(&instruction->words);
    for (size_t i = 0; i < instruction->heredoc_count; i++) {
        free(instruction->heredocs[i].name);
        free(instruction->heredocs[i].content);
    }
    free(instruction->heredocs);
    *instruction = (struct instruction){0};
}

static void instructions_free(struct instruction *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        instruction_free(&list[i]);
    free(list);
}

void spec_free(struct spec *spec)
{
    free(spec->file);
    instructions_free(spec->globals, spec->global_count);
    for (size_t i = 0; i < spec->stage_count; i++) {
        instruction_free(&spec->stages[i].from);
        instructions_free(spec->stages[i].instructions, spec->stages[i].count);
    }
    free(spec->stages);
    *spec = (struct spec){0};
}

const char *instruction_flag(const struct instruction *instruction, const char *name)
{
    for (size_t i = 0; i < instruction->flag_count; i++)
        if (strcmp(instruction->flags[i].name, name) == 0)
            return instruction->flags[i].value != NULL ? instruction->flags[i].value : "";
    return NULL;
}
