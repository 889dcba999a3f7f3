#include "builder/build/order.h"

#include "builder/spec/location.h"
#include "builder/stage/stage_names.h"

static int mark_needs(struct build *build, size_t stage, struct error *error)
{
    const struct stage_plan *plan = &build->spec->stages[stage];
    int base = stage_named_by_base(build, stage, error);
    if (base == STAGE_NONE)
        return error_locate(error, build->spec->file, plan->from.line);
    if (base >= 0)
        build->stages[base].needed = true;
    for (size_t i = 0; i < plan->count; i++) {
        const struct instruction *instruction = &plan->instructions[i];
        if (instruction->flag_count == 0 || instruction_flag(instruction, "from") == NULL)
            continue;
        int other = stage_named_by_flag(build, stage, instruction, error);
        if (other < 0)
            return error_locate(error, build->spec->file, instruction->line);
        build->stages[other].needed = true;
    }
    return 0;
}

int order_stages(struct build *build, size_t *target, struct error *error)
{
    const struct spec *spec = build->spec;
    *target = spec->stage_count - 1;
    if (build->options->target != NULL) {
        int found = stage_named(spec, build->options->target);
        if (found == STAGE_NONE)
            return error_set(error, "--target %s: %s has no stage of that name", build->options->target,
                             spec->file);
        *target = (size_t)found;
    }
    build->stages[*target].needed = true;
    /* A stage names only stages before it, so one pass backwards reaches all. */
    for (size_t i = *target + 1; i-- > 0;)
        if (build->stages[i].needed && mark_needs(build, i, error) < 0)
            return -1;
    strings_free(&build->undefined); /* FROM warns of them when it is executed */
    return 0;
}
