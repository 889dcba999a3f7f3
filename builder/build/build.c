#include "builder/build/build.h"

#include <stdlib.h>

#include "builder/build/archives.h"
#include "builder/build/assemble.h"
#include "builder/build/contract.h"
#include "builder/build/order.h"
#include "builder/build/unused_arguments.h"
#include "builder/instructions/handlers.h"
#include "builder/spec/location.h"
#include "builder/stage/arguments.h"
#include "builder/stage/undefined.h"
#include "builder/stage/warn.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"

static void show_progress(struct build *build, const struct instruction *instruction)
{
    build->step++;
    if (build->options->progress == NULL)
        return;
    cleanup_free char *line = xasprintf("[%zu/%zu] %s", build->step, build->steps, instruction->text);
    text_print_line(build->options->progress, line);
}

static void show_warnings(struct build *build, const struct stage *stage,
                          const struct instruction *instruction)
{
    struct strings *warnings = build->context->warnings;
    for (size_t i = 0; i < warnings->count; i++)
        build_warn(build, instruction->line, "%s", warnings->items[i]);
    strings_free(warnings);
    bool is_from = instruction == &stage->plan->from;
    undefined_warn(build, is_from ? &build->globals : &stage->variables, &stage->declared, instruction->line);
}

static int execute(struct build *build, struct stage *stage, const struct instruction *instruction,
                   struct error *error)
{
    show_progress(build, instruction);
    int result = instruction_execute(build, stage, instruction, error);
    context_forget_links(build->context);
    show_warnings(build, stage, instruction);
    return result == 0 ? 0 : error_locate(error, build->spec->file, instruction->line);
}

static int execute_stage(struct build *build, size_t number, struct error *error)
{
    struct stage *stage = &build->stages[number];
    build->current = number;
    if (execute(build, stage, &stage->plan->from, error) < 0)
        return -1;
    for (size_t i = 0; i < stage->plan->count; i++)
        if (execute(build, stage, &stage->plan->instructions[i], error) < 0)
            return -1;
    return archives_complete(build, stage, error);
}

struct stage *build_stages(struct build *build, struct error *error)
{
    size_t target;
    if (arguments_read_globals(build, error) < 0)
        return NULL;
    build->context->time = build->time;
    for (size_t i = 0; i < build->spec->stage_count; i++)
        stage_init(&build->stages[i], &build->spec->stages[i], i, build->time);
    if (order_stages(build, &target, error) < 0)
        return NULL;
    for (size_t i = 0; i <= target; i++)
        if (build->stages[i].needed)
            build->steps += 1 + build->stages[i].plan->count;
    for (size_t i = 0; i <= target; i++) {
        if (!build->stages[i].needed)
            continue;
        if (execute_stage(build, i, error) < 0)
            return NULL;
        if (i < target && archives_write(build, &build->stages[i], error) < 0)
            return NULL;
    }
    return &build->stages[target];
}

void build_begin(struct build *build, const struct spec *spec, struct context *context,
                 const struct build_options *options, int blob_directory)
{
    *build = (struct build){
        .spec = spec,
        .options = options,
        .context = context,
        .blob_directory = blob_directory,
        .time = options->time,
        .stages = xcalloc(spec->stage_count, sizeof *build->stages),
    };
    if (options->platform != NULL)
        platform_copy(&build->target, options->platform);
    else
        platform_host(&build->target);
}

void build_end(struct build *build)
{
    for (size_t i = 0; build->stages != NULL && i < build->spec->stage_count; i++)
        stage_free(&build->stages[i]);
    free(build->stages);
    strings_free(&build->globals);
    strings_free(&build->undefined);
    platform_free(&build->target);
    *build = (struct build){0};
}

int build_image(const struct spec *spec, struct context *context, const struct build_options *options,
                int blob_directory, struct new_image *image, struct error *error)
{
    cleanup_build struct build build;
    build_begin(&build, spec, context, options, blob_directory);
    struct stage *target = build_stages(&build, error);
    cleanup_contract struct contract contract = {0};
    if (target == NULL || contract_settle(&build, target, &contract, error) < 0)
        return -1;
    if (archives_write(&build, target, error) < 0)
        return -1;
    if (assemble_image(&build, target, &contract, image, error) < 0)
        return -1;
    contract_warn(&build, target, &contract);
    unused_arguments_warn(&build);
    return 0;
}
