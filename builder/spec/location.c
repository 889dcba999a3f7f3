#include "builder/spec/location.h"

bool error_is_located(const struct error *error)
{
    return error->kind == ERROR_KIND_LOCATED;
}

int error_locate(struct error *error, const char *file, int line)
{
    if (error_is_located(error) || line == 0)
        return -1;
    error_prefix(error, "%s:%d", file, line);
    error->kind = ERROR_KIND_LOCATED;
    return -1;
}
