/* USER: the image's user. */
#include "builder/instructions/handlers.h"
#include "builder/stage/scope.h"

int execute_user(struct build *build, struct stage *stage, const struct instruction *instruction,
                 struct error *error)
{
    char *user = scope_expand_only(build, stage, instruction, error);
    if (user == NULL)
        return -1;
    stage_set_text(&stage->config.user, user);
    stage_add_history(stage, instruction);
    return 0;
}
