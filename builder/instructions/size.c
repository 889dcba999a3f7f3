#include "builder/instructions/size.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static int bad_size(const char *text, struct error *error)
{
    return error_set(
        error, "\"%s\" is not a size; write bytes, or 512K, 64M, 2G, or +16M for room beyond the content",
        text);
}

int size_parse(const char *text, uint64_t *size, bool *is_extra, struct error *error)
{
    static const char units[] = "KMGT";
    const char *position = text;
    *is_extra = *position == '+';
    position += *is_extra;
    uint64_t value = 0;
    if (!isdigit((unsigned char)*position))
        return bad_size(text, error);
    for (; isdigit((unsigned char)*position); position++) {
        if (value > (UINT64_MAX >> 1) / 10 - 1)
            return bad_size(text, error);
        value = value * 10 + (uint64_t)(*position - '0');
    }
    const char *unit = *position != '\0' ? strchr(units, toupper((unsigned char)*position)) : NULL;
    unsigned shift = unit != NULL ? 10 * (unsigned)(unit - units + 1) : 0;
    position += unit != NULL;
    if (unit != NULL && (strcasecmp(position, "B") == 0 || strcasecmp(position, "iB") == 0))
        position += strlen(position);
    if (*position != '\0' || value == 0 || value > (UINT64_MAX >> 1) >> shift)
        return bad_size(text, error);
    *size = value << shift;
    return 0;
}
