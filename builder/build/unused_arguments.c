#include "builder/build/unused_arguments.h"

#include <stdlib.h>
#include <string.h>

#include "builder/stage/arguments.h"
#include "builder/stage/warn.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

/* Arguments that builders pass without being asked, so nobody is warned of them. */
static const char *const customary[] = {
    "HTTP_PROXY",  "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY",  "ALL_PROXY",         "http_proxy",
    "https_proxy", "ftp_proxy",   "no_proxy",  "all_proxy", "SOURCE_DATE_EPOCH",
};

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

static bool is_wanted(const struct build *build, const char *name)
{
    const struct spec *spec = build->spec;
    cleanup_free char *predefined = arguments_predefined(build, name);
    if (predefined != NULL)
        return true;
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

void unused_arguments_warn(const struct build *build)
{
    const struct strings *arguments = &build->options->arguments;
    for (size_t i = 0; i < arguments->count; i++) {
        cleanup_free char *name = xstrndup(arguments->items[i], strcspn(arguments->items[i], "="));
        if (!is_wanted(build, name))
            build_warn(build, 0, "--build-arg %s: no ARG of %s asks for it", name, build->spec->file);
    }
}
