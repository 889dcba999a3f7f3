#include "runtime/lifecycle/foreign.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"

#define CRUN_FILE "status"

enum { RECORD_MAX = 16 << 20, CLEAR_DEPTH = 2 };

/* The record as it is (owned), or NULL. */
static json_t *load(int directory, const char *file)
{
    cleanup_error struct error ignored = {0};
    cleanup_buffer struct buffer text = {0};
    if (read_file(directory, file, RECORD_MAX, &text, &ignored) < 0)
        return NULL;
    json_t *object = parse_json(text.data, text.length, file, &ignored);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

const char *foreign_runtime(int directory)
{
    if (faccessat(directory, CRUN_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return "crun";
    cleanup_json json_t *record = load(directory, STATE_FILE);
    if (record == NULL || state_is_ours(record))
        return NULL;
    return json_object_get(record, "init_process_pid") != NULL ? "runc" : "";
}

/* As it stands there now; one that is gone is left out. */
static void add_cgroup(const char *directory, struct cgroups *cgroups)
{
    struct stat status;
    if (directory == NULL || lstat(directory, &status) < 0 || !S_ISDIR(status.st_mode))
        return;
    cgroups->items = xreallocarray(cgroups->items, cgroups->count + 1, sizeof *cgroups->items);
    cgroups->items[cgroups->count++] = (struct cgroup){
        .directory = xstrdup(directory),
        .device = status.st_dev,
        .made = {status.st_ino},
        .made_count = 1,
        .join_fd = -1,
    };
}

/* runc, libcontainer/container_linux.go (State) and container.go (BaseState). */
static void read_runc(const json_t *record, struct state *state)
{
    const char *controller;
    json_t *path;
    state->pid = (pid_t)json_integer_value(json_object_get(record, "init_process_pid"));
    state->start_time = (uint64_t)json_integer_value(json_object_get(record, "init_process_start"));
    json_object_foreach (json_object_get(record, "cgroup_paths"), controller, path) {
        (void)controller;
        add_cgroup(json_string_value(path), &state->cgroups);
    }
}

/* crun, src/libcrun/status.c; the path is one below each hierarchy. */
static void read_crun(const json_t *record, struct state *state)
{
    cleanup_error struct error ignored = {0};
    struct cgroups planned = {0};
    const char *path = json_string_value(json_object_get(record, "cgroup-path"));
    state->pid = (pid_t)json_integer_value(json_object_get(record, "pid"));
    state->start_time = (uint64_t)json_integer_value(json_object_get(record, "process-start-time"));
    cleanup_free char *checked = path != NULL ? cgroup_path(path, "", &ignored) : NULL;
    if (checked != NULL && cgroups_plan(checked, &planned, &ignored) == 0)
        for (size_t i = 0; i < planned.count; i++)
            add_cgroup(planned.items[i].directory, &state->cgroups);
    cgroups_free(&planned);
}

int foreign_read(int directory, struct state *state, struct error *error)
{
    const char *runtime = foreign_runtime(directory);
    *state = (struct state){0};
    if (runtime == NULL || *runtime == '\0')
        return error_set(error, "not the record of runc or crun");
    bool is_crun = strcmp(runtime, "crun") == 0;
    cleanup_json json_t *record = load(directory, is_crun ? CRUN_FILE : STATE_FILE);
    if (record == NULL)
        return error_set(error, "%s: not a JSON object", is_crun ? CRUN_FILE : STATE_FILE);
    (is_crun ? read_crun : read_runc)(record, state);
    return 0;
}

static int clear(int directory, int depth, struct error *error)
{
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_closedir DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    if (entries == NULL)
        return error_errno(error, errno, "cannot read the state directory");
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || unlinkat(directory, name, 0) == 0)
            continue;
        cleanup_close int below =
            depth > 1 ? openat(directory, name, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
        if (below >= 0 && clear(below, depth - 1, error) < 0)
            return -1;
        if (unlinkat(directory, name, AT_REMOVEDIR) < 0)
            return error_errno(error, errno, "cannot remove %s in the state directory", name);
    }
    return 0;
}

int foreign_clear(int directory, struct error *error)
{
    return clear(directory, CLEAR_DEPTH, error);
}
