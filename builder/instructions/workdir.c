/* WORKDIR: the directory that relative paths begin at, made where it is missing. */
#include "builder/instructions/handlers.h"
#include "builder/stage/changeset.h"
#include "builder/stage/ownership.h"
#include "builder/stage/scope.h"
#include "builder/stage/warn.h"
#include "formats/base/cleanup.h"

/* Directories that are made belong to the USER of that line, or to root where the stage's files do not hold
 * the name (as in BuildKit). */
static void take_owner(struct changeset *changeset, const char *user, struct error *unknown)
{
    struct owner owner;
    if (user == NULL || owner_parse(changeset->stage->root, user, &owner, unknown) < 0)
        return;
    changeset->uid = owner.uid;
    changeset->gid = owner.gid;
}

int execute_workdir(struct build *build, struct stage *stage, const struct instruction *instruction,
                    struct error *error)
{
    cleanup_free char *path = scope_expand_only(build, stage, instruction, error);
    if (path == NULL)
        return -1;
    cleanup_error struct error unknown = {0};
    cleanup_free char *absolute = scope_absolute_path(stage, path);
    cleanup_changeset struct changeset changeset = changeset_begin(stage, build->time);
    bool made = false;
    take_owner(&changeset, stage->config.user, &unknown);
    char *directory = changeset_add_directory(&changeset, absolute, &made, error);
    if (directory == NULL)
        return error_prefix(error, "WORKDIR");
    stage_set_text(&stage->config.working_dir, directory);
    if (made && error_is_set(&unknown))
        build_warn(build, instruction->line, "WORKDIR: %s belongs to root: %s", directory, unknown.message);
    if (made)
        changeset_end(&changeset, instruction->text);
    else
        stage_add_history(stage, instruction);
    return 0;
}
