#include "builder/stage/arguments.h"

#include <stdlib.h>
#include <string.h>

#include "builder/spec/expand.h"
#include "builder/spec/location.h"
#include "builder/spec/words.h"
#include "builder/stage/epoch.h"
#include "builder/stage/undefined.h"
#include "builder/stage/variables.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

enum predefined_part { PART_ALL, PART_OS, PART_ARCHITECTURE, PART_VARIANT, PART_STAGE };

/* BuildKit's arguments in the global scope; a stage sees one that it declares. */
static const struct {
    const char *name;
    bool target; /* else of the host that builds */
    enum predefined_part part;
} predefined[] = {
    {"TARGETPLATFORM", true, PART_ALL},      {"TARGETOS", true, PART_OS},
    {"TARGETARCH", true, PART_ARCHITECTURE}, {"TARGETVARIANT", true, PART_VARIANT},
    {"BUILDPLATFORM", false, PART_ALL},      {"BUILDOS", false, PART_OS},
    {"BUILDARCH", false, PART_ARCHITECTURE}, {"BUILDVARIANT", false, PART_VARIANT},
    {"TARGETSTAGE", true, PART_STAGE},
};

/* The target as --target has it, or else by the name of the last stage; "default" where that has none. */
static const char *target_stage(const struct build *build)
{
    const struct spec *spec = build->spec;
    const char *last = spec->stages[spec->stage_count - 1].name;
    if (build->options->target != NULL)
        return build->options->target;
    return last != NULL ? last : "default";
}

static char *part_text(const struct build *build, const struct platform *platform, enum predefined_part part)
{
    switch (part) {
    case PART_ALL:
        return platform_text(platform);
    case PART_OS:
        return xstrdup(platform->os);
    case PART_ARCHITECTURE:
        return xstrdup(platform->architecture);
    case PART_VARIANT:
        return xstrdup(platform->variant != NULL ? platform->variant : "");
    case PART_STAGE:
        return xstrdup(target_stage(build));
    }
    return NULL;
}

char *arguments_predefined(const struct build *build, const char *name)
{
    for (size_t i = 0; i < sizeof predefined / sizeof *predefined; i++) {
        if (strcmp(predefined[i].name, name) != 0)
            continue;
        const char *given = variables_get(&build->options->arguments, name);
        if (given != NULL)
            return xstrdup(given);
        if (predefined[i].target)
            return part_text(build, &build->target, predefined[i].part);
        cleanup_platform struct platform host;
        platform_host(&host);
        return part_text(build, &host, predefined[i].part);
    }
    return NULL;
}

static const char *lookup_global(const void *data, const char *name)
{
    return variables_get(data, name);
}

/* The globals, and the predefined arguments below them, as one list. */
static void add_globals(const struct build *build, struct strings *variables)
{
    for (size_t i = 0; i < sizeof predefined / sizeof *predefined; i++) {
        cleanup_free char *value = arguments_predefined(build, predefined[i].name);
        variables_set(variables, predefined[i].name, value);
    }
    variables_set_all(variables, &build->globals);
}

char *arguments_expand_global(struct build *build, const char *word, struct error *error)
{
    cleanup_strings struct strings variables = {0};
    add_globals(build, &variables);
    struct expand_scope scope = {lookup_global, &variables, build->spec->escape, &build->undefined};
    return expand_word(&scope, word, error);
}

int arguments_split(const struct build *build, char *word, char **value, struct error *error)
{
    char *equals = (char *)words_find_equals(word, build->spec->escape);
    *value = equals != NULL ? equals + 1 : NULL;
    if (equals != NULL)
        *equals = '\0';
    if (*word == '\0')
        return error_set(error, "ARG: a name is missing");
    return 0;
}

static int read_global(struct build *build, const char *text, struct error *error)
{
    cleanup_free char *name = xstrdup(text);
    char *assigned;
    if (arguments_split(build, name, &assigned, error) < 0)
        return -1;
    const char *given = variables_get(&build->options->arguments, name);
    cleanup_free char *value = NULL;
    if (given != NULL)
        value = xstrdup(given);
    else if (assigned == NULL)
        value = arguments_predefined(build, name);
    else if ((value = arguments_expand_global(build, assigned, error)) == NULL)
        return error_prefix(error, "ARG");
    if (value != NULL)
        variables_set(&build->globals, name, value);
    return 0;
}

/* A default for the time of everything, where the command line says none. */
static int take_epoch(struct build *build, struct error *error)
{
    const char *epoch = variables_get(&build->globals, "SOURCE_DATE_EPOCH");
    if (build->options->has_time || epoch == NULL || *epoch == '\0')
        return 0;
    return epoch_parse(epoch, &build->time, error) < 0 ? error_prefix(error, "ARG SOURCE_DATE_EPOCH") : 0;
}

static int read_globals(struct build *build, const struct instruction *instruction, struct error *error)
{
    for (size_t i = 0; i < instruction->words.count; i++)
        if (read_global(build, instruction->words.items[i], error) < 0)
            return -1;
    undefined_warn(build, &build->globals, NULL, instruction->line);
    return take_epoch(build, error);
}

int arguments_read_globals(struct build *build, struct error *error)
{
    for (size_t i = 0; i < build->spec->global_count; i++) {
        const struct instruction *instruction = &build->spec->globals[i];
        if (read_globals(build, instruction, error) < 0)
            return error_locate(error, build->spec->file, instruction->line);
    }
    return 0;
}
