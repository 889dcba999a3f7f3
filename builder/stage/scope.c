#include "builder/stage/scope.h"

#include <stdlib.h>
#include <string.h>

#include "builder/stage/stage_names.h"
#include "builder/stage/variables.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"

static const char *lookup(const void *data, const char *name)
{
    const struct stage *stage = data;
    return variables_get(&stage->variables, name);
}

struct expand_scope scope_variables(struct build *build, const struct stage *stage)
{
    return (struct expand_scope){lookup, stage, build->spec->escape, &build->undefined};
}

char *scope_expand(struct build *build, const struct stage *stage, const char *word, struct error *error)
{
    struct expand_scope scope = scope_variables(build, stage);
    return expand_word(&scope, word, error);
}

char *scope_expand_only(struct build *build, const struct stage *stage, const struct instruction *instruction,
                        struct error *error)
{
    cleanup_free char *text = scope_expand(build, stage, instruction->words.items[0], error);
    if (text != NULL && *text != '\0')
        return take_pointer(text);
    if (text != NULL)
        error_set(error, "%s is empty", instruction->words.items[0]);
    error_prefix(error, "%s", instruction->kind->name);
    return NULL;
}

int scope_flag(struct build *build, const struct stage *stage, const struct instruction *instruction,
               const char *name, char **value, struct error *error)
{
    const char *text = instruction_flag(instruction, name);
    *value = NULL;
    if (text == NULL)
        return 0;
    *value = scope_expand(build, stage, text, error);
    if (*value == NULL)
        return error_prefix(error, "--%s", name);
    if (**value == '\0')
        return error_set(error, "--%s=%s is empty", name, text);
    return 0;
}

struct files *scope_files(struct build *build, const struct instruction *instruction,
                          struct tree_files *space, struct error *error)
{
    const char *from = instruction_flag(instruction, "from");
    if (from == NULL)
        return &build->context->files;
    /* Stages are executed in order, so the stage that executes this is behind the one it names. */
    int number = stage_named_by_flag(build, build->current, instruction, error);
    if (number < 0)
        return NULL;
    struct stage *stage = &build->stages[number];
    tree_files_init(space, stage->root, stage->title);
    return &space->files;
}

char *scope_absolute_path(const struct stage *stage, const char *path)
{
    if (*path == '/')
        return xstrdup(path);
    return path_join(stage->config.working_dir != NULL ? stage->config.working_dir : "/", path);
}
