/* Which stages name which, and which of them the target needs. */
#include "builder/build/order.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "builder/build/arguments.h"
#include "builder/spec/place.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

enum { NO_STAGE = -2 };

/* A stage by its name, in any case; NO_STAGE where there is none. */
static int find_name(const struct spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->stage_count; i++)
        if (spec->stages[i].name != NULL && strcasecmp(spec->stages[i].name, name) == 0)
            return (int)i;
    return NO_STAGE;
}

/* By name, or by number. */
static int find_reference(const struct spec *spec, const char *text)
{
    int named = find_name(spec, text);
    size_t digits = strspn(text, "0123456789");
    if (named != NO_STAGE || digits == 0 || digits > 6 || text[digits] != '\0')
        return named;
    int number = atoi(text);
    return (size_t)number < spec->stage_count ? number : NO_STAGE;
}

/* The stage that an instruction names, as it stands there; NO_STAGE for anything else. */
static int named_by(const struct spec *spec, const struct instruction *instruction)
{
    const char *from = instruction->flag_count > 0 ? instruction_flag(instruction, "from") : NULL;
    return from != NULL ? find_reference(spec, from) : NO_STAGE;
}

/* Whether stage `from` leads to stage `to` by the names in the spec. */
static bool leads_to(const struct spec *spec, size_t from, size_t to, bool *visited)
{
    const struct stage_plan *plan = &spec->stages[from];
    if (from == to)
        return true;
    if (visited[from])
        return false;
    visited[from] = true;
    int next = find_name(spec, plan->from.words.items[0]);
    if (next >= 0 && leads_to(spec, (size_t)next, to, visited))
        return true;
    for (size_t i = 0; i < plan->count; i++) {
        next = named_by(spec, &plan->instructions[i]);
        if (next >= 0 && leads_to(spec, (size_t)next, to, visited))
            return true;
    }
    return false;
}

/* Stage number `stage` names the stage `other`, written `text`; only one before it will do. */
static int check_earlier(const struct build *build, size_t stage, int other, const char *text,
                         struct error *error)
{
    const struct spec *spec = build->spec;
    if (other < 0 || (size_t)other < stage)
        return other;
    if ((size_t)other == stage) {
        error_set(error, "the stage \"%s\" is built from itself", text);
        return NO_STAGE;
    }
    cleanup_free bool *visited = xcalloc(spec->stage_count, sizeof *visited);
    int line = spec->stages[other].from.line;
    if (leads_to(spec, (size_t)other, stage, visited))
        error_set(error,
                  "a cycle of stages: \"%s\" and the stage \"%s\" of line %d are built from each other",
                  build->stages[stage].title, text, line);
    else
        error_set(error, "the stage \"%s\" is used before it is defined, in line %d", text, line);
    return NO_STAGE;
}

int order_base(const struct build *build, size_t stage, struct error *error)
{
    const struct instruction *from = &build->spec->stages[stage].from;
    cleanup_free char *base = arguments_expand_global(build, from->words.items[0], error);
    if (base == NULL) {
        error_prefix(error, "FROM");
        return NO_STAGE;
    }
    if (*base == '\0') {
        error_set(error, "FROM: %s is empty", from->words.items[0]);
        return NO_STAGE;
    }
    if (strcmp(base, "scratch") == 0)
        return STAGE_SCRATCH;
    int found = find_name(build->spec, base);
    if (found == NO_STAGE) {
        error_set(error,
                  "FROM %s: neither scratch nor a stage of this file; this version takes no base images from "
                  "registries",
                  base);
        return NO_STAGE;
    }
    return check_earlier(build, stage, found, base, error);
}

int order_from(const struct build *build, size_t stage, const struct instruction *instruction,
               struct error *error)
{
    const char *from = instruction_flag(instruction, "from");
    if (strchr(from, '$') != NULL) {
        error_set(error, "%s: variables are not expanded in --from=%s; name a stage", instruction->kind->name,
                  from);
        return NO_STAGE;
    }
    int found = find_reference(build->spec, from);
    if (found == NO_STAGE) {
        error_set(error, "%s: --from=%s names no stage of this file; this version takes no files from images",
                  instruction->kind->name, from);
        return NO_STAGE;
    }
    return check_earlier(build, stage, found, from, error);
}

static int mark_needs(struct build *build, size_t stage, struct error *error)
{
    const struct stage_plan *plan = &build->spec->stages[stage];
    int base = order_base(build, stage, error);
    if (base == NO_STAGE)
        return error_place(error, build->spec->file, plan->from.line);
    if (base >= 0)
        build->stages[base].needed = true;
    for (size_t i = 0; i < plan->count; i++) {
        const struct instruction *instruction = &plan->instructions[i];
        if (instruction->flag_count == 0 || instruction_flag(instruction, "from") == NULL)
            continue;
        int other = order_from(build, stage, instruction, error);
        if (other < 0)
            return error_place(error, build->spec->file, instruction->line);
        build->stages[other].needed = true;
    }
    return 0;
}

int order_stages(struct build *build, size_t *target, struct error *error)
{
    const struct spec *spec = build->spec;
    *target = spec->stage_count - 1;
    if (build->options->target != NULL) {
        int found = find_reference(spec, build->options->target);
        if (found == NO_STAGE)
            return error_set(error, "--target %s: %s has no stage of that name", build->options->target,
                             spec->file);
        *target = (size_t)found;
    }
    build->stages[*target].needed = true;
    /* What a stage names stands before it, so one pass backwards reaches all. */
    for (size_t i = *target + 1; i-- > 0;)
        if (build->stages[i].needed && mark_needs(build, i, error) < 0)
            return -1;
    return 0;
}
