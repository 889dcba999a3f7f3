/* ARG: declares a variable of the build. */
#include <stdlib.h>

#include "builder/instructions/handlers.h"
#include "builder/stage/arguments.h"
#include "builder/stage/scope.h"
#include "builder/stage/variables.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

/* A --build-arg wins over the default, which wins over a global of that name. */
static int declare(struct build *build, struct stage *stage, const char *text, struct error *error)
{
    cleanup_free char *name = xstrdup(text);
    char *assigned;
    if (arguments_split(build, name, &assigned, error) < 0)
        return -1;
    const char *given = variables_get(&build->options->arguments, name);
    if (given == NULL && assigned == NULL)
        given = variables_get(&build->globals, name);
    cleanup_free char *value = NULL;
    if (given != NULL)
        value = xstrdup(given);
    else if (assigned == NULL)
        value = arguments_predefined(build, name);
    else if ((value = scope_expand(build, stage, assigned, error)) == NULL)
        return error_prefix(error, "ARG");
    if (!strings_contain(&stage->declared, name))
        strings_add(&stage->declared, name);
    if (value != NULL)
        variables_set(&stage->variables, name, value);
    return 0;
}

int execute_arg(struct build *build, struct stage *stage, const struct instruction *instruction,
                struct error *error)
{
    for (size_t i = 0; i < instruction->words.count; i++)
        if (declare(build, stage, instruction->words.items[i], error) < 0)
            return -1;
    stage_add_history(stage, instruction);
    return 0;
}
