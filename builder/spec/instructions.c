#include "builder/spec/instructions.h"

#include <stddef.h>
#include <strings.h>

#define KIND(identifier, handler, how, text, ...)                                                            \
    {.name = #identifier, .id = INSTRUCTION_##identifier, .style = (how), .usage = (text), __VA_ARGS__},
#define REFUSED_KIND(identifier, text) {.name = #identifier, .id = INSTRUCTION_COUNT, .instead = (text)},

const struct instruction_kind instruction_kinds[] = {
    INSTRUCTION_LIST(KIND) REFUSED_INSTRUCTION_LIST(REFUSED_KIND){.name = NULL},
};

const struct instruction_kind *instruction_kind_find(const char *name)
{
    for (const struct instruction_kind *kind = instruction_kinds; kind->name != NULL; kind++)
        if (strcasecmp(kind->name, name) == 0)
            return kind;
    return NULL;
}
