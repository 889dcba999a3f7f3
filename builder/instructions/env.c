/* ENV: sets variables of the build and of the image. */
#include <string.h>

#include "builder/instructions/handlers.h"
#include "builder/stage/scope.h"
#include "builder/stage/variables.h"
#include "formats/base/cleanup.h"

int execute_env(struct build *build, struct stage *stage, const struct instruction *instruction,
                struct error *error)
{
    /* All values of one line see the environment before it. */
    cleanup_strings struct strings expanded = {0};
    for (size_t i = 0; i < instruction->words.count; i++) {
        char *text = scope_expand(build, stage, instruction->words.items[i], error);
        if (text == NULL)
            return error_prefix(error, "ENV");
        strings_add_owned(&expanded, text);
    }
    for (size_t i = 0; i + 1 < expanded.count; i += 2) {
        const char *name = expanded.items[i];
        if (*name == '\0' || strchr(name, '=') != NULL)
            return error_set(error, "ENV: \"%s\" is not a name for a variable", name);
        variables_set(&stage->config.env, name, expanded.items[i + 1]);
        variables_set(&stage->variables, name, expanded.items[i + 1]);
    }
    stage_add_history(stage, instruction);
    return 0;
}
