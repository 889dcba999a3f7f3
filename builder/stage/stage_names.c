#include "builder/stage/stage_names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "builder/stage/arguments.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

/* A stage by its name, in any case; STAGE_NONE where there is none. */
static int find_name(const struct spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->stage_count; i++)
        if (spec->stages[i].name != NULL && strcasecmp(spec->stages[i].name, name) == 0)
            return (int)i;
    return STAGE_NONE;
}

int stage_named(const struct spec *spec, const char *text)
{
    int named = find_name(spec, text);
    size_t digits = strspn(text, "0123456789");
    if (named != STAGE_NONE || digits == 0 || digits > 6 || text[digits] != '\0')
        return named;
    int number = atoi(text);
    return (size_t)number < spec->stage_count ? number : STAGE_NONE;
}

/* The stage that an instruction names, as it stands there; STAGE_NONE for anything else. */
static int named_by(const struct spec *spec, const struct instruction *instruction)
{
    const char *from = instruction->flag_count > 0 ? instruction_flag(instruction, "from") : NULL;
    return from != NULL ? stage_named(spec, from) : STAGE_NONE;
}

/* True if stage `from` leads to stage `to` by the names in the spec. */
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
        return STAGE_NONE;
    }
    cleanup_free bool *visited = xcalloc(spec->stage_count, sizeof *visited);
    int line = spec->stages[other].from.line;
    if (leads_to(spec, (size_t)other, stage, visited))
        error_set(error,
                  "a cycle of stages: \"%s\" and the stage \"%s\" of line %d are built from each other",
                  build->stages[stage].title, text, line);
    else
        error_set(error, "the stage \"%s\" is used before it is defined, in line %d", text, line);
    return STAGE_NONE;
}

int stage_named_by_base(struct build *build, size_t stage, struct error *error)
{
    const struct instruction *from = &build->spec->stages[stage].from;
    cleanup_free char *base = arguments_expand_global(build, from->words.items[0], error);
    if (base == NULL) {
        error_prefix(error, "FROM");
        return STAGE_NONE;
    }
    if (*base == '\0') {
        error_set(error, "FROM: %s is empty", from->words.items[0]);
        return STAGE_NONE;
    }
    if (strcmp(base, "scratch") == 0)
        return STAGE_SCRATCH;
    int found = find_name(build->spec, base);
    if (found == STAGE_NONE) {
        error_set(error,
                  "FROM %s: neither scratch nor a stage of this file; this version takes no base images from "
                  "registries",
                  base);
        return STAGE_NONE;
    }
    return check_earlier(build, stage, found, base, error);
}

int stage_named_by_flag(const struct build *build, size_t stage, const struct instruction *instruction,
                        struct error *error)
{
    const char *from = instruction_flag(instruction, "from");
    if (strchr(from, '$') != NULL) {
        error_set(error, "%s: variables are not expanded in --from=%s; name a stage", instruction->kind->name,
                  from);
        return STAGE_NONE;
    }
    int found = stage_named(build->spec, from);
    if (found == STAGE_NONE) {
        error_set(error, "%s: --from=%s names no stage of this file; this version takes no files from images",
                  instruction->kind->name, from);
        return STAGE_NONE;
    }
    return check_earlier(build, stage, found, from, error);
}
