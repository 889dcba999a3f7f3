#include "builder/stage/arguments.h"

#include <stdlib.h>
#include <string.h>

#include "builder/spec/expand.h"
#include "builder/spec/location.h"
#include "builder/spec/words.h"
#include "builder/stage/variables.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

enum platform_part { PART_ALL, PART_OS, PART_ARCHITECTURE, PART_VARIANT };

/* BuildKit's arguments in the global scope; a stage sees one that it declares. */
static const struct {
    const char *name;
    bool target; /* else of the host that builds */
    enum platform_part part;
} predefined[] = {
    {"TARGETPLATFORM", true, PART_ALL},      {"TARGETOS", true, PART_OS},
    {"TARGETARCH", true, PART_ARCHITECTURE}, {"TARGETVARIANT", true, PART_VARIANT},
    {"BUILDPLATFORM", false, PART_ALL},      {"BUILDOS", false, PART_OS},
    {"BUILDARCH", false, PART_ARCHITECTURE}, {"BUILDVARIANT", false, PART_VARIANT},
};

static char *platform_part(const struct platform *platform, enum platform_part part)
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
    }
    return NULL;
}

char *arguments_predefined(const struct build *build, const char *name)
{
    for (size_t i = 0; i < sizeof predefined / sizeof *predefined; i++) {
        if (strcmp(predefined[i].name, name) != 0)
            continue;
        if (predefined[i].target)
            return platform_part(&build->target, predefined[i].part);
        cleanup_platform struct platform host;
        platform_host(&host);
        return platform_part(&host, predefined[i].part);
    }
    return NULL;
}

static const char *lookup_global(const void *data, const char *name)
{
    return variables_get(data, name);
}

/* The globals, and the predefined arguments below them, as one scope. */
static void global_scope(const struct build *build, struct strings *variables)
{
    for (size_t i = 0; i < sizeof predefined / sizeof *predefined; i++) {
        cleanup_free char *value = arguments_predefined(build, predefined[i].name);
        variables_set(variables, predefined[i].name, value);
    }
    for (size_t i = 0; i < build->globals.count; i++) {
        cleanup_free char *entry = xstrdup(build->globals.items[i]);
        char *equals = strchr(entry, '=');
        *equals = '\0';
        variables_set(variables, entry, equals + 1);
    }
}

char *arguments_expand_global(const struct build *build, const char *word, struct error *error)
{
    cleanup_strings struct strings variables = {0};
    global_scope(build, &variables);
    struct expand_scope scope = {lookup_global, &variables, build->spec->escape};
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

int arguments_read_globals(struct build *build, struct error *error)
{
    for (size_t i = 0; i < build->spec->global_count; i++) {
        const struct instruction *instruction = &build->spec->globals[i];
        for (size_t j = 0; j < instruction->words.count; j++)
            if (read_global(build, instruction->words.items[j], error) < 0)
                return error_locate(error, build->spec->file, instruction->line);
    }
    return 0;
}
