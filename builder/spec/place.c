/* Errors that have a place in a spec. */
#include "builder/spec/place.h"

bool error_has_place(const struct error *error)
{
    return error->kind == ERROR_KIND_PLACED;
}

int error_place(struct error *error, const char *file, int line)
{
    if (error_has_place(error) || line == 0)
        return -1;
    error_prefix(error, "%s:%d", file, line);
    error->kind = ERROR_KIND_PLACED;
    return -1;
}
