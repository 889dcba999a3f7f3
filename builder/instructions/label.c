/* LABEL: labels of the config; one of the contract is a fact of the unikernel, too. */
#include "builder/instructions/handlers.h"
#include "builder/stage/facts.h"
#include "builder/stage/scope.h"
#include "formats/base/cleanup.h"

int execute_label(struct build *build, struct stage *stage, const struct instruction *instruction,
                  struct error *error)
{
    for (size_t i = 0; i + 1 < instruction->words.count; i += 2) {
        cleanup_free char *key = scope_expand(build, stage, instruction->words.items[i], error);
        cleanup_free char *value =
            key != NULL ? scope_expand(build, stage, instruction->words.items[i + 1], error) : NULL;
        if (value == NULL)
            return error_prefix(error, "LABEL");
        if (*key == '\0')
            return error_set(error, "LABEL: a name is empty");
        if (facts_take_label(build, stage, key, value, instruction->line, error) < 0)
            return error_prefix(error, "LABEL");
        json_object_set_new(stage->config.labels, key, json_string(value));
    }
    stage_add_history(stage, instruction);
    return 0;
}
