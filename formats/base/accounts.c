#include "formats/base/accounts.h"

#include <stdlib.h>
#include <string.h>

bool account_next(char **text, struct account *account)
{
    if (*text == NULL || **text == '\0')
        return false;
    char *line = strsep(text, "\n");
    *account = (struct account){0};
    while (line != NULL && account->count < ACCOUNT_FIELDS)
        account->fields[account->count++] = strsep(&line, ":");
    return true;
}

bool account_parse_id(const char *text, uint32_t *id)
{
    size_t length = strlen(text);
    if (length == 0 || length > 10 || strspn(text, "0123456789") != length)
        return false;
    unsigned long long value = strtoull(text, NULL, 10);
    *id = (uint32_t)value;
    return value < UINT32_MAX;
}
