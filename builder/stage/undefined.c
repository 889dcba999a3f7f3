#include "builder/stage/undefined.h"

#include <stdlib.h>
#include <string.h>

#include "builder/stage/warn.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/suggest.h"

/* The variable that was meant, or NULL; owned by the caller. */
static char *nearest(const char *name, const struct strings *variables)
{
    cleanup_strings struct strings names = {0};
    const char *near = NULL;
    if (strlen(name) < 3) /* near to anything */
        return NULL;
    for (size_t i = 0; i < variables->count; i++) {
        strings_add_owned(&names, xstrndup(variables->items[i], strcspn(variables->items[i], "=")));
        near = suggest_nearer(name, near, names.items[i]);
    }
    return near != NULL ? xstrdup(near) : NULL;
}

void undefined_warn(struct build *build, const struct strings *variables, const struct strings *declared,
                    int line)
{
    for (size_t i = 0; i < build->undefined.count; i++) {
        const char *name = build->undefined.items[i];
        if (declared != NULL && strings_contain(declared, name))
            continue;
        cleanup_free char *near = nearest(name, variables);
        if (near != NULL)
            build_warn(build, line, "$%s is not set; did you mean $%s?", name, near);
        else
            build_warn(build, line, "$%s is not set and expands to nothing", name);
    }
    strings_free(&build->undefined);
}
