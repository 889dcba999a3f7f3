/* Pausing and resuming a container: its monitor stops the guest where it can, and the cgroup freezer stops
 * all that runs. What the freezer says is the container's status, so nothing is written down. */
#include <errno.h>

#include "formats/base/cleanup.h"
#include "runtime/lifecycle/lifecycle.h"
#include "runtime/lifecycle/manage.h"
#include "runtime/sandbox/cgroups/freezer.h"

/* A guest whose machine was stopped does not miss the time in which it did not run. */
static void stop_machine(const struct log *log, int directory, const struct state *state)
{
    cleanup_error struct error error = {0};
    const struct monitor_management *management = manage_find(directory, state);
    if (management == NULL || management->pause == NULL)
        return;
    int connection = manage_connect(directory, state, &error);
    /* The freezer stops it, too. */
    if (connection < 0 || management->pause(connection, &error) < 0)
        log_warning(log, &error);
}

static int continue_machine(int directory, const struct state *state, struct error *error)
{
    const struct monitor_management *management = manage_find(directory, state);
    if (management == NULL || management->resume == NULL)
        return 0;
    int connection = manage_connect(directory, state, error);
    return connection < 0 ? -1 : management->resume(connection, error);
}

int container_pause(const struct runtime *runtime, const char *id, struct error *error)
{
    cleanup_state struct state state = {0};
    cleanup_close int directory = container_load(runtime, id, &state, error);
    if (directory < 0)
        return -1;
    enum status status = state_status(directory, &state);
    if (status == STATUS_PAUSED)
        return error_set(error, "container not running: it is paused already");
    if (status != STATUS_RUNNING && status != STATUS_CREATED)
        return error_set(error, "container not running");
    if (status == STATUS_RUNNING)
        stop_machine(&runtime->log, directory, &state);
    if (cgroups_freeze(&state.cgroups, error) == 0)
        return 0;
    cleanup_error struct error ignored = {0};
    if (status == STATUS_RUNNING)
        continue_machine(directory, &state, &ignored);
    return error_prefix(error, "container \"%s\" cannot be paused", id);
}

/* The monitor had a signal waiting that ended it. */
static bool has_left(const struct error *error)
{
    return error->number == ECONNRESET || error->number == ECONNREFUSED || error->number == EPIPE;
}

/* What was thawed is not paused any more, whatever its monitor answers: an engine that heard of a failure
 * would go on to take it for paused, and could not resume it again. */
static void go_on(const struct log *log, int directory, const struct state *state)
{
    cleanup_error struct error error = {0};
    if (continue_machine(directory, state, &error) == 0 || has_left(&error))
        return;
    error_prefix(&error,
                 "container \"%s\" runs again, but its monitor may not have continued the guest (pause "
                 "and resume it once more)",
                 state->id);
    log_warning(log, &error);
}

int container_resume(const struct runtime *runtime, const char *id, struct error *error)
{
    cleanup_state struct state state = {0};
    cleanup_close int directory = container_load(runtime, id, &state, error);
    if (directory < 0)
        return -1;
    if (state_status(directory, &state) != STATUS_PAUSED)
        return error_set(error, "container not paused");
    if (cgroups_thaw(&state.cgroups, error) < 0)
        return error_prefix(error, "container \"%s\" cannot be resumed", id);
    if (state_status(directory, &state) == STATUS_RUNNING)
        go_on(&runtime->log, directory, &state);
    return 0;
}
