#include "runtime/lifecycle/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "runtime/lifecycle/manage.h"
#include "runtime/process/guest/saved_machine.h"
#include "runtime/sandbox/cgroups/freezer.h"

enum { ARGV_MAX = 1 << 20 }; /* bytes */

/* The words that the monitor runs with. */
static int read_argv(const struct state *state, struct strings *argv, struct error *error)
{
    char path[32];
    cleanup_buffer struct buffer text = {0};
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)state->pid);
    if (read_file(AT_FDCWD, path, ARGV_MAX, &text, error) < 0)
        return -1;
    for (size_t at = 0; at < text.length; at += strlen(text.data + at) + 1)
        strings_add(argv, text.data + at);
    return 0;
}

static int find_management(int directory, const struct state *state,
                           const struct monitor_management **management, struct error *error)
{
    *management = manage_find(directory, state);
    if (*management != NULL && (*management)->save != NULL)
        return 0;
    return error_set(error, "container \"%s\": urunc cannot save a machine of %s, only one of qemu",
                     state->id, state->hypervisor != NULL ? state->hypervisor : "its monitor");
}

static int save(int directory, const struct state *state, const struct monitor_management *management,
                const char *image_path, struct error *error)
{
    int image = -1;
    cleanup_strings struct strings argv = {0};
    if (read_argv(state, &argv, error) < 0)
        return -1;
    cleanup_close int file = saved_machine_create(image_path, &image, error);
    if (file < 0)
        return -1;
    cleanup_close int image_directory = image;
    int connection = manage_connect(directory, error);
    if (connection >= 0 && management->save(connection, file, error) == 0 &&
        saved_machine_describe(image_directory, state->hypervisor, &argv, error) == 0)
        return 0;
    saved_machine_discard(image_directory);
    return error_prefix(error, "container \"%s\" was not saved", state->id);
}

/* As it was before it was saved. */
static int go_on(int directory, const struct state *state, bool paused,
                 const struct monitor_management *management, struct error *error)
{
    if (paused)
        return cgroups_freeze(&state->cgroups, error);
    int connection = manage_connect(directory, error);
    return connection < 0 ? -1 : management->resume(connection, error);
}

/* Its monitor must be able to speak; the machine of a paused container stands still all the same. */
static int wake(int directory, const struct state *state, bool paused, struct error *error)
{
    cleanup_error struct error ignored = {0};
    if (paused && cgroups_thaw(&state->cgroups, error) < 0)
        return -1;
    if (state_status(directory, state) == STATUS_RUNNING)
        return 0;
    if (paused)
        cgroups_freeze(&state->cgroups, &ignored);
    return error_set(error, "container not running");
}

int container_checkpoint(const struct runtime *runtime, const char *id, const char *image_path,
                         bool leave_running, struct error *error)
{
    cleanup_state struct state state = {0};
    const struct monitor_management *management = NULL;
    cleanup_close int directory = container_load(runtime, id, &state, error);
    if (directory < 0)
        return -1;
    /* containerd pauses a container before it has it saved, and resumes it afterwards. */
    bool paused = state_status(directory, &state) == STATUS_PAUSED;
    if (find_management(directory, &state, &management, error) < 0 ||
        wake(directory, &state, paused, error) < 0)
        return -1;
    if (save(directory, &state, management, image_path, error) < 0) {
        cleanup_error struct error ignored = {0};
        go_on(directory, &state, paused, management, &ignored);
        return -1;
    }
    if (leave_running)
        return go_on(directory, &state, paused, management, error);
    return container_delete(runtime, id, true, error);
}

int container_await_restored(const struct runtime *runtime, const char *id, struct error *error)
{
    cleanup_state struct state state = {0};
    cleanup_close int directory = container_load(runtime, id, &state, error);
    if (directory < 0)
        return -1;
    const struct monitor_management *management = manage_find(directory, &state);
    int connection = management != NULL ? manage_connect(directory, error) : -1;
    if (connection >= 0 && management->await_restored(connection, error) == 0)
        return 0;
    return error_prefix(error, "the monitor did not take the saved machine (its output says why)");
}
