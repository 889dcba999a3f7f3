#include "builder/spec/spec.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "builder/spec/containerfile.h"
#include "builder/spec/location.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

/* Texts of a spec end up in JSON documents, which are UTF-8. */
static int check_text(const char *file, const char *text, size_t length, struct error *error)
{
    int line = 1;
    const char *end = text + length;
    for (const char *start = text; start < end; line++) {
        const char *newline = memchr(start, '\n', (size_t)(end - start));
        const char *stop = newline != NULL ? newline : end;
        cleanup_json json_t *string = json_stringn(start, (size_t)(stop - start));
        if (memchr(start, '\0', (size_t)(stop - start)) != NULL) {
            error_set(error, "a NUL byte; a spec is text");
            return error_locate(error, file, line);
        }
        if (string == NULL) {
            error_set(error, "this line is not UTF-8");
            return error_locate(error, file, line);
        }
        start = newline != NULL ? newline + 1 : end;
    }
    return 0;
}

int spec_parse(struct spec *spec, const char *file, const char *text, size_t length, struct error *error)
{
    *spec = (struct spec){.file = xstrdup(file), .escape = '\\'};
    if (check_text(file, text, length, error) < 0)
        return -1;
    return containerfile_parse(spec, text, length, error);
}

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
