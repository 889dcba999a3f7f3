/* ARG: build arguments, global ones, and those that are predefined. */
#include "builder/build/arguments.h"

#include <stdlib.h>
#include <string.h>

#include "builder/build/variables.h"
#include "builder/spec/place.h"
#include "builder/spec/words.h"
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

/* Arguments that builders pass without being asked, so nobody is warned of them. */
static const char *const customary[] = {
    "HTTP_PROXY",  "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY",  "ALL_PROXY",         "http_proxy",
    "https_proxy", "ftp_proxy",   "no_proxy",  "all_proxy", "SOURCE_DATE_EPOCH",
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

/* The value of a predefined argument, owned by the caller, or NULL. */
static char *predefined_value(const struct build *build, const char *name)
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
        cleanup_free char *value = predefined_value(build, predefined[i].name);
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

/* Splits "NAME=default" or "NAME"; *value is NULL for the latter. Both point into the word. */
static int split_argument(const struct build *build, char *word, char **value, struct error *error)
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
    if (split_argument(build, name, &assigned, error) < 0)
        return -1;
    const char *given = variables_get(&build->options->arguments, name);
    cleanup_free char *value = NULL;
    if (given != NULL)
        value = xstrdup(given);
    else if (assigned == NULL)
        value = predefined_value(build, name);
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
                return error_place(error, build->spec->file, instruction->line);
    }
    return 0;
}

/* A --build-arg wins over the default, which wins over a global of that name. */
static int declare(struct build *build, struct stage *stage, const char *text, struct error *error)
{
    cleanup_free char *name = xstrdup(text);
    char *assigned;
    if (split_argument(build, name, &assigned, error) < 0)
        return -1;
    const char *given = variables_get(&build->options->arguments, name);
    if (given == NULL && assigned == NULL)
        given = variables_get(&build->globals, name);
    cleanup_free char *value = NULL;
    if (given != NULL)
        value = xstrdup(given);
    else if (assigned == NULL)
        value = predefined_value(build, name);
    else if ((value = build_expand(build, stage, assigned, error)) == NULL)
        return error_prefix(error, "ARG");
    if (value != NULL)
        variables_set(&stage->arguments, name, value);
    return 0;
}

int execute_arg(struct build *build, struct stage *stage, const struct instruction *instruction,
                struct error *error)
{
    for (size_t i = 0; i < instruction->words.count; i++)
        if (declare(build, stage, instruction->words.items[i], error) < 0)
            return -1;
    stage_add_history(stage, instruction);
    return 0;
}

static bool declares(const struct instruction *list, size_t count, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < count; i++) {
        if (list[i].kind->id != INSTRUCTION_ARG)
            continue;
        for (size_t j = 0; j < list[i].words.count; j++) {
            const char *word = list[i].words.items[j];
            if (strncmp(word, name, length) == 0 && (word[length] == '\0' || word[length] == '='))
                return true;
        }
    }
    return false;
}

static bool is_wanted(const struct spec *spec, const char *name)
{
    for (size_t i = 0; i < sizeof customary / sizeof *customary; i++)
        if (strcmp(customary[i], name) == 0)
            return true;
    if (declares(spec->globals, spec->global_count, name))
        return true;
    for (size_t i = 0; i < spec->stage_count; i++)
        if (declares(spec->stages[i].instructions, spec->stages[i].count, name))
            return true;
    return false;
}

void arguments_warn_unused(const struct build *build)
{
    const struct strings *arguments = &build->options->arguments;
    for (size_t i = 0; i < arguments->count; i++) {
        cleanup_free char *name = xstrndup(arguments->items[i], strcspn(arguments->items[i], "="));
        if (!is_wanted(build->spec, name))
            build_warn(build, 0, "--build-arg %s: no ARG of %s asks for it", name, build->spec->file);
    }
}
