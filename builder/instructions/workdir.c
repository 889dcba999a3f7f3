/* WORKDIR. */
#include "builder/instructions/handlers.h"
#include "builder/stage/changeset.h"
#include "builder/stage/scope.h"
#include "formats/base/cleanup.h"

int execute_workdir(struct build *build, struct stage *stage, const struct instruction *instruction,
                    struct error *error)
{
    cleanup_free char *path = scope_expand_only(build, stage, instruction, error);
    if (path == NULL)
        return -1;
    cleanup_free char *absolute = scope_absolute_path(stage, path);
    cleanup_changeset struct changeset changeset = changeset_begin(stage, build->time);
    bool made = false;
    char *directory = changeset_add_directory(&changeset, absolute, &made, error);
    if (directory == NULL)
        return error_prefix(error, "WORKDIR");
    stage_set_text(&stage->config.working_dir, directory);
    if (made)
        changeset_end(&changeset, instruction->text);
    else
        stage_add_history(stage, instruction);
    return 0;
}
