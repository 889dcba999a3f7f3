#include "runtime/lifecycle/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "formats/base/file.h"
#include "runtime/lifecycle/manage.h"
#include "runtime/lifecycle/monitor_root.h"
#include "runtime/process/guest/saved_machine.h"
#include "runtime/sandbox/cgroups/freezer.h"

enum {
    ARGV_MAX = 1 << 20,         /* bytes */
    SOCKET_TIMEOUT = 60 * 1000, /* milliseconds */
};

/* The words that the monitor runs with, and what was generated for it. */
static int read_words(const struct state *state, struct strings *words, struct error *error)
{
    char path[32];
    cleanup_buffer struct buffer text = {0};
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)state->pid);
    if (read_file(AT_FDCWD, path, ARGV_MAX, &text, error) < 0)
        return -1;
    for (size_t at = 0; at < text.length; at += strlen(text.data + at) + 1)
        strings_add(words, text.data + at);
    return monitor_root_read_generated(state, words, error);
}

static int find_management(int directory, const struct state *state,
                           const struct monitor_management **management, struct error *error)
{
    *management = manage_find(directory, state);
    if (monitor_saves(*management))
        return 0;
    return error_set(error,
                     "container \"%s\": urunc cannot save a machine of %s, only one of qemu or firecracker",
                     state->id, state->hypervisor != NULL ? state->hypervisor : "its monitor");
}

/* The monitor opens the files itself: they are in its root meanwhile. */
static int save_by_name(int directory, const struct state *state, const struct monitor_management *management,
                        const int files[SAVED_FILES], uint64_t limit, struct error *error)
{
    static const char *const paths[] = {BOOT_SAVED_STATE_PATH, BOOT_SAVED_MEMORY_PATH};
    struct loan loan;
    cleanup_error struct error failed = {0};
    if (loan_begin(state, files, paths, limit, &loan, error) < 0)
        return -1;
    int connection = manage_connect(directory, state, error);
    int status = connection < 0 ? -1 : management->save_by_name(connection, error);
    if (loan_end(&loan, files, &failed) == 0)
        return status;
    return error_set(error, "%s", failed.message);
}

static int save_into(int directory, const struct state *state, const struct monitor_management *management,
                     const int files[SAVED_FILES], struct error *error)
{
    uint64_t limit = saved_machine_limit(state->memory.guest);
    if (management->save == NULL)
        return save_by_name(directory, state, management, files, limit, error);
    int connection = manage_connect(directory, state, error);
    return connection < 0 ? -1 : management->save(connection, files[SAVED_STATE], limit, error);
}

static int save(int directory, const struct state *state, const struct monitor_management *management,
                const char *image_path, struct error *error)
{
    int image = -1, files[SAVED_FILES] = {-1, -1};
    cleanup_strings struct strings words = {0};
    size_t count = management->save != NULL ? 1 : SAVED_FILES;
    if (read_words(state, &words, error) < 0 ||
        saved_machine_create(image_path, count, files, &image, error) < 0)
        return -1;
    cleanup_close int image_directory = image;
    int status = save_into(directory, state, management, files, error);
    for (size_t i = 0; i < count; i++)
        close(files[i]);
    if (status == 0 && saved_machine_describe(image_directory, state->hypervisor, &words, error) == 0)
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
    int connection = manage_connect(directory, state, error);
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

/* A monitor that makes its socket itself has not made it yet when it is started. */
static int connect_restored(int directory, const struct state *state, struct error *error)
{
    const struct timespec pause = {.tv_nsec = 5000L * 1000};
    int64_t deadline = clock_milliseconds() + SOCKET_TIMEOUT;
    for (;;) {
        int connection = manage_connect(directory, state, error);
        if (connection >= 0 || error->number != ECONNREFUSED || clock_milliseconds() > deadline ||
            state_status(directory, state) != STATUS_RUNNING)
            return connection;
        error_clear(error);
        nanosleep(&pause, NULL);
    }
}

int container_await_restored(const struct runtime *runtime, const char *id, struct error *error)
{
    cleanup_state struct state state = {0};
    cleanup_close int directory = container_load(runtime, id, &state, error);
    if (directory < 0)
        return -1;
    const struct monitor_management *management = manage_find(directory, &state);
    int connection = management != NULL ? connect_restored(directory, &state, error) : -1;
    if (connection >= 0 && management->await_restored(connection, error) == 0)
        return 0;
    return error_prefix(error, "the monitor did not take the saved machine (its output says why)");
}
