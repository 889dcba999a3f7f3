/* FROM: begins a stage, empty or where another ended. */
#include "builder/instructions/handlers.h"
#include "builder/stage/arguments.h"
#include "builder/stage/stage_names.h"
#include "formats/base/cleanup.h"

int execute_from(struct build *build, struct stage *stage, const struct instruction *instruction,
                 struct error *error)
{
    int base = stage_named_by_base(build, build->current, error);
    if (base == STAGE_NONE)
        return -1;
    if (base != STAGE_SCRATCH)
        stage_inherit(stage, &build->stages[base]);
    const char *platform = instruction_flag(instruction, "platform");
    if (platform == NULL)
        return 0;
    cleanup_free char *text = arguments_expand_global(build, platform, error);
    if (text == NULL)
        return error_prefix(error, "FROM: --platform");
    if (platform_parse(text, &stage->platform, error) < 0 || platform_check(&stage->platform, error) < 0)
        return error_prefix(error, "FROM: --platform=%s", text);
    return 0;
}
