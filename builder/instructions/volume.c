/* VOLUME: names directories for volumes; none is made. */
#include "builder/instructions/handlers.h"
#include "builder/stage/scope.h"
#include "formats/base/cleanup.h"

int execute_volume(struct build *build, struct stage *stage, const struct instruction *instruction,
                   struct error *error)
{
    for (size_t i = 0; i < instruction->words.count; i++) {
        cleanup_free char *path = scope_expand(build, stage, instruction->words.items[i], error);
        if (path == NULL)
            return error_prefix(error, "VOLUME");
        if (*path == '\0')
            return error_set(error, "VOLUME: a path is empty");
        strings_add(&stage->config.volumes, path);
    }
    stage_add_history(stage, instruction);
    return 0;
}
