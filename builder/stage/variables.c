#include "builder/stage/variables.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

static char **find(const struct strings *variables, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < variables->count; i++)
        if (strncmp(variables->items[i], name, length) == 0 && variables->items[i][length] == '=')
            return &variables->items[i];
    return NULL;
}

const char *variables_get(const struct strings *variables, const char *name)
{
    char **found = find(variables, name);
    return found != NULL ? *found + strlen(name) + 1 : NULL;
}

void variables_set(struct strings *variables, const char *name, const char *value)
{
    char *entry = xasprintf("%s=%s", name, value);
    char **found = find(variables, name);
    if (found == NULL) {
        strings_add_owned(variables, entry);
        return;
    }
    free(*found);
    *found = entry;
}

void variables_set_all(struct strings *variables, const struct strings *others)
{
    for (size_t i = 0; i < others->count; i++) {
        const char *value = strchr(others->items[i], '=') + 1;
        cleanup_free char *name = xstrndup(others->items[i], (size_t)(value - others->items[i]) - 1);
        variables_set(variables, name, value);
    }
}
