#include <errno.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/lifecycle/foreign.h"
#include "runtime/lifecycle/lifecycle.h"

int container_load(const struct runtime *runtime, const char *id, struct state *state, struct error *error)
{
    if (container_id_check(id, error) < 0)
        return -1;
    cleanup_close int directory = state_directory_open(runtime->root, id, error);
    if (directory < 0)
        return -1;
    if (state_read(directory, state, error) == 0)
        return take_fd(directory);
    if (error->number != ENOENT || foreign_runtime(directory) != NULL)
        return error_prefix(error, "container \"%s\"", id);
    /* A `create` that has just begun, or was killed when it had. */
    error_clear(error);
    *state = (struct state){.id = xstrdup(id), .bundle = xstrdup("")};
    return take_fd(directory);
}

const char *container_foreign_runtime(const struct runtime *runtime, const char *id)
{
    cleanup_error struct error ignored = {0};
    if (container_id_check(id, &ignored) < 0)
        return NULL;
    cleanup_close int directory = state_directory_open(runtime->root, id, &ignored);
    return directory >= 0 ? foreign_runtime(directory) : NULL;
}
