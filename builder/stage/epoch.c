#include "builder/stage/epoch.h"

#include <errno.h>
#include <stdlib.h>

int epoch_parse(const char *text, int64_t *time, struct error *error)
{
    const int64_t last = 253402300799; /* 9999-12-31T23:59:59Z, the last that RFC 3339 can write */
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value > last)
        return error_set(error, "%s: must be seconds since 1970, at most %lld", text, (long long)last);
    *time = value;
    return 0;
}
