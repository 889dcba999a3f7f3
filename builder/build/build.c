/* Executing a plan: stage after stage, instruction after instruction. */
#include "builder/build/build.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "builder/build/arguments.h"
#include "builder/build/assemble.h"
#include "builder/build/contract.h"
#include "builder/build/order.h"
#include "builder/build/variables.h"
#include "builder/instructions/archive.h"
#include "builder/spec/place.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"

static instruction_handler *const handlers[INSTRUCTION_COUNT] = {
    [INSTRUCTION_ARG] = execute_arg,
    [INSTRUCTION_BLOCK] = execute_block,
    [INSTRUCTION_CMD] = execute_cmd,
    [INSTRUCTION_COPY] = execute_copy,
    [INSTRUCTION_ENTRYPOINT] = execute_entrypoint,
    [INSTRUCTION_ENV] = execute_env,
    [INSTRUCTION_EXPOSE] = execute_expose,
    [INSTRUCTION_INITRD] = execute_initrd,
    [INSTRUCTION_KERNEL] = execute_kernel,
    [INSTRUCTION_LABEL] = execute_label,
    [INSTRUCTION_MAINTAINER] = execute_maintainer,
    [INSTRUCTION_MONITOR] = execute_monitor,
    [INSTRUCTION_STOPSIGNAL] = execute_stopsignal,
    [INSTRUCTION_UNIKERNEL] = execute_unikernel,
    [INSTRUCTION_USER] = execute_user,
    [INSTRUCTION_VOLUME] = execute_volume,
    [INSTRUCTION_WORKDIR] = execute_workdir,
};

/* ---- what handlers use ---- */

void build_warn(const struct build *build, int line, const char *format, ...)
{
    if (build->options->log == NULL)
        return;
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    cleanup_free char *message = text;
    cleanup_free char *place =
        line > 0 ? xasprintf("%s:%d", build->spec->file, line) : xstrdup("urunc-build");
    cleanup_free char *whole = xasprintf("%s: warning: %s", place, message);
    text_print_line(build->options->log, whole);
}

/* The environment wins over arguments (as in Docker). */
static const char *lookup(const void *data, const char *name)
{
    const struct stage *stage = data;
    const char *value = variables_get(&stage->config.env, name);
    return value != NULL ? value : variables_get(&stage->arguments, name);
}

struct expand_scope build_scope(const struct build *build, const struct stage *stage)
{
    return (struct expand_scope){lookup, stage, build->spec->escape};
}

char *build_expand(const struct build *build, const struct stage *stage, const char *word,
                   struct error *error)
{
    struct expand_scope scope = build_scope(build, stage);
    return expand_word(&scope, word, error);
}

int build_flag(const struct build *build, const struct stage *stage, const struct instruction *instruction,
               const char *name, char **value, struct error *error)
{
    const char *text = instruction_flag(instruction, name);
    *value = NULL;
    if (text == NULL)
        return 0;
    *value = build_expand(build, stage, text, error);
    if (*value == NULL)
        return error_prefix(error, "--%s", name);
    if (**value == '\0')
        return error_set(error, "--%s=%s is empty", name, text);
    return 0;
}

struct files *build_files(struct build *build, const struct instruction *instruction,
                          struct tree_files *space, struct error *error)
{
    const char *from = instruction_flag(instruction, "from");
    if (from == NULL)
        return &build->context->files;
    /* Stages are executed in order, so the stage that executes this is behind the one it names. */
    int number = order_from(build, build->current, instruction, error);
    if (number < 0)
        return NULL;
    struct stage *stage = &build->stages[number];
    tree_files_init(space, stage->root, stage->title);
    return &space->files;
}

char *stage_absolute_path(const struct stage *stage, const char *path)
{
    const char *directory = stage->config.working_dir != NULL ? stage->config.working_dir : "/";
    if (*path == '/')
        return xstrdup(path);
    return xasprintf("%s%s%s", directory, strcmp(directory, "/") == 0 ? "" : "/", path);
}

/* ---- the build ---- */

static void show_progress(struct build *build, const struct instruction *instruction)
{
    build->step++;
    if (build->options->progress == NULL)
        return;
    cleanup_free char *line = xasprintf("[%zu/%zu] %s", build->step, build->steps, instruction->text);
    text_print_line(build->options->progress, line);
}

static void show_warnings(const struct build *build, const struct instruction *instruction)
{
    struct strings *warnings = build->context->warnings;
    for (size_t i = 0; i < warnings->count; i++)
        build_warn(build, instruction->line, "%s", warnings->items[i]);
    strings_free(warnings);
}

static int execute(struct build *build, struct stage *stage, const struct instruction *instruction,
                   struct error *error)
{
    show_progress(build, instruction);
    int result = handlers[instruction->kind->id](build, stage, instruction, error);
    context_forget_links(build->context);
    show_warnings(build, instruction);
    return result == 0 ? 0 : error_place(error, build->spec->file, instruction->line);
}

static int begin_stage(struct build *build, struct stage *stage, struct error *error)
{
    const struct instruction *from = &stage->plan->from;
    show_progress(build, from);
    int base = order_base(build, build->current, error);
    if (base >= 0)
        stage_inherit(stage, &build->stages[base]);
    else if (base != STAGE_SCRATCH)
        return -1;
    const char *platform = instruction_flag(from, "platform");
    if (platform == NULL)
        return 0;
    cleanup_free char *text = arguments_expand_global(build, platform, error);
    if (text == NULL || platform_parse(text, &stage->platform, error) < 0)
        return error_prefix(error, "FROM: --platform");
    return 0;
}

static int execute_stage(struct build *build, size_t number, struct error *error)
{
    struct stage *stage = &build->stages[number];
    build->current = number;
    if (begin_stage(build, stage, error) < 0)
        return error_place(error, build->spec->file, stage->plan->from.line);
    for (size_t i = 0; i < stage->plan->count; i++)
        if (execute(build, stage, &stage->plan->instructions[i], error) < 0)
            return -1;
    return archives_complete(build, stage, error);
}

struct stage *build_stages(struct build *build, struct error *error)
{
    size_t target;
    if (arguments_read_globals(build, error) < 0 || order_stages(build, &target, error) < 0)
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
        .stages = xcalloc(spec->stage_count, sizeof *build->stages),
    };
    for (size_t i = 0; i < spec->stage_count; i++)
        stage_init(&build->stages[i], &spec->stages[i], i, options->time);
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
    arguments_warn_unused(&build);
    return 0;
}
