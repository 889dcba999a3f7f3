#include "runtime/sandbox/cgroups/cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "runtime/sandbox/cgroups/files.h"

/* ---- where ---- */

/* "a-b.slice" lies in "a.slice" (systemd.slice(5)). */
static void add_slices(struct buffer *path, const char *slice)
{
    size_t length = strlen(slice) - strlen(".slice");
    for (size_t i = 1; i < length; i++)
        if (slice[i] == '-')
            buffer_format(path, "/%.*s.slice", (int)i, slice);
    if (strcmp(slice, "-.slice") != 0)
        buffer_format(path, "/%s", slice);
}

static char *systemd_path(const char *text, struct error *error)
{
    cleanup_free char *copy = xstrdup(text);
    char *prefix = strchr(copy, ':');
    *prefix++ = '\0';
    char *name = strchr(prefix, ':');
    *name++ = '\0';
    const char *slice = *copy != '\0' ? copy : "system.slice";
    size_t length = strlen(slice);
    cleanup_buffer struct buffer path = {0};
    if (strchr(name, ':') != NULL || *name == '\0' || strchr(text, '/') != NULL ||
        length <= strlen(".slice") || strcmp(slice + length - strlen(".slice"), ".slice") != 0) {
        error_set(error, "linux.cgroupsPath: \"%s\" is not SLICE:PREFIX:NAME", text);
        return NULL;
    }
    add_slices(&path, slice);
    length = strlen(name);
    if (length > 6 && strcmp(name + length - 6, ".slice") == 0)
        buffer_format(&path, "/%s", name);
    else
        buffer_format(&path, "/%s%s%s.scope", prefix, *prefix != '\0' ? "-" : "", name);
    return buffer_take(&path);
}

char *cgroup_path(const char *cgroups_path, const char *id, struct error *error)
{
    if (cgroups_path == NULL || *cgroups_path == '\0')
        return xasprintf("/urunc-%s", id);
    const char *colon = strchr(cgroups_path, ':');
    if (colon != NULL && strchr(colon + 1, ':') != NULL && cgroups_path[0] != '/')
        return systemd_path(cgroups_path, error);
    cleanup_free char *clean = path_clean(cgroups_path, PATH_DOTS_REFUSE);
    if (clean == NULL) {
        error_set(error, "linux.cgroupsPath: \"%s\" has a \"..\"", cgroups_path);
        return NULL;
    }
    if (*clean == '\0' || strlen(clean) > PATH_MAX / 2) {
        error_set(error, "linux.cgroupsPath: \"%s\" names no cgroup of the container's own", cgroups_path);
        return NULL;
    }
    return path_join("/", clean);
}

/* ---- files of a cgroup ---- */

static void copy_up(const char *directory, const char *file)
{
    cleanup_error struct error ignored = {0};
    cleanup_buffer struct buffer own = {0}, above = {0};
    cleanup_free char *parent = xstrndup(directory, (size_t)(strrchr(directory, '/') - directory));
    if (cgroup_read(directory, file, &own) < 0 || (own.length > 1 && own.data[0] != '\n'))
        return;
    if (cgroup_read(parent, file, &above) == 0 && above.length > 0)
        cgroup_write(&(struct cgroup){.directory = (char *)directory}, file, above.data, &ignored);
}

/* A new cpuset of version 1 has no processors and takes no process until it is given its parent's. */
static void inherit_cpuset(const char *directory)
{
    copy_up(directory, "cpuset.cpus");
    copy_up(directory, "cpuset.mems");
}

/* ---- planning ---- */

/* Another mount may lie over it, of cgroups of the other version or of no cgroups at all. */
static bool is_visible(const struct cgroup_mount *mount)
{
    struct statfs status;
    return statfs(mount->directory, &status) == 0 &&
           status.f_type == (mount->v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC);
}

static int plan_one(const struct cgroup_mount *mount, const char *path, struct cgroup *cgroup,
                    struct error *error)
{
    struct stat status;
    if (stat(mount->directory, &status) < 0)
        return error_errno(error, errno, "%s", mount->directory);
    *cgroup = (struct cgroup){.directory = xasprintf("%s%s", mount->directory, path),
                              .mount = strlen(mount->directory),
                              .device = status.st_dev,
                              .v2 = mount->v2,
                              .controllers = mount->controllers,
                              .join_fd = -1};
    cleanup_free char *directory = xstrdup(cgroup->directory);
    while (strlen(directory) > cgroup->mount && access(directory, F_OK) < 0) {
        if (cgroup->made_count == CGROUP_DEPTH_MAX)
            return error_set(error, "linux.cgroupsPath: more than %d levels", CGROUP_DEPTH_MAX);
        cgroup->made[cgroup->made_count++] = 0;
        *strrchr(directory, '/') = '\0';
    }
    return 0;
}

int cgroups_plan(const char *path, struct cgroups *cgroups, struct error *error)
{
    struct cgroup_mounts mounts = {0};
    *cgroups = (struct cgroups){0};
    int status = cgroup_mounts_read(&mounts, error);
    cgroups->items = xcalloc(mounts.count + 1, sizeof *cgroups->items);
    for (size_t i = 0; i < mounts.count && status == 0; i++)
        if (is_visible(&mounts.items[i]))
            status = plan_one(&mounts.items[i], path, &cgroups->items[cgroups->count++], error);
    cgroup_mounts_free(&mounts);
    if (status < 0)
        cgroups_free(cgroups);
    return status;
}

/* ---- making ---- */

/* One that stands already is used where nobody does: as with runc, for engines that make it beforehand. */
static int check_unused(const char *directory, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    struct stat status;
    if (cgroup_read(directory, "cgroup.procs", &text) == 0 && text.length > 0)
        return error_set(error, "linux.cgroupsPath: %s has processes in it", directory);
    if (stat(directory, &status) == 0 && status.st_nlink > 2)
        return error_set(error, "linux.cgroupsPath: %s has cgroups below it", directory);
    return 0;
}

/* Notes that a directory was made, the deepest first; one above it that stood already ends the list. One that
 * cannot be noted would never be removed, so it is not made. */
static int note_made(struct cgroup *cgroup, const char *directory, struct error *error)
{
    struct stat status;
    if (stat(directory, &status) < 0) {
        int number = errno;
        rmdir(directory);
        return error_errno(error, number, "%s", directory);
    }
    if (cgroup->made_count == CGROUP_DEPTH_MAX)
        return 0;
    memmove(cgroup->made + 1, cgroup->made, cgroup->made_count * sizeof *cgroup->made);
    cgroup->made[0] = status.st_ino;
    cgroup->made_count++;
    return 0;
}

static int make_directory(struct cgroup *cgroup, const char *directory, bool last, bool of_unit,
                          struct error *error)
{
    bool made = mkdir(directory, 0755) == 0;
    if (!made && errno != EEXIST)
        return error_errno(error, errno, "%s", directory);
    if (!made && last && !of_unit && check_unused(directory, error) < 0) {
        cgroup->made_count = 0;
        return -1;
    }
    if (!made && !(last && of_unit))
        cgroup->made_count = 0;
    else if (note_made(cgroup, directory, error) < 0)
        return -1;
    if (!cgroup->v2 && (cgroup->controllers & CGROUP_CPUSET))
        inherit_cpuset(directory);
    return 0;
}

/* Makes MOUNT/a/b/c one by one. */
static int make_cgroup(struct cgroup *cgroup, bool of_unit, struct error *error)
{
    cleanup_free char *directory = xstrdup(cgroup->directory);
    cgroup->made_count = 0;
    for (char *end = directory + cgroup->mount; end != NULL;) {
        *end = '\0';
        if (cgroup->v2 && access(directory, W_OK) == 0)
            v2_hand_on(directory);
        *end = '/';
        end = strchr(end + 1, '/');
        if (end != NULL)
            *end = '\0';
        if (make_directory(cgroup, directory, end == NULL, of_unit, error) < 0) {
            /* The list of what was made begins here. */
            *strrchr(directory, '/') = '\0';
            free(cgroup->directory);
            cgroup->directory = take_pointer(directory);
            return -1;
        }
    }
    if (!cgroup->v2)
        return 0;
    cgroup->controllers = v2_controllers(cgroup->directory);
    return v2_check_type(cgroup->directory, error);
}

/* A hierarchy that cannot be written to is left out; whether it is missed shows when a limit is set. */
static bool is_not_writable(const struct error *error)
{
    return error->number == EROFS || error->number == EACCES || error->number == EPERM;
}

static int make_all(struct cgroups *cgroups, struct error *error)
{
    cleanup_error struct error ignored = {0};
    for (size_t i = 0; i < cgroups->count;) {
        struct cgroup *cgroup = &cgroups->items[i];
        if (make_cgroup(cgroup, cgroups->of_unit, error) == 0) {
            i++;
            continue;
        }
        if (!is_not_writable(error))
            return -1;
        error_clear(error);
        cgroups_remove(&(struct cgroups){.items = cgroup, .count = 1}, &ignored);
        free(cgroup->directory);
        memmove(cgroup, cgroup + 1, (--cgroups->count - i) * sizeof *cgroup);
    }
    return 0;
}

int cgroups_create(struct cgroups *cgroups, const json_t *resources, uint64_t overhead, struct error *error)
{
    cleanup_error struct error ignored = {0};
    if (make_all(cgroups, error) == 0 && cgroups_set_limits(cgroups, resources, overhead, error) == 0)
        return 0;
    cgroups_remove(cgroups, &ignored);
    cgroups_free(cgroups);
    return -1;
}

void cgroups_remove_empty(const char *path)
{
    cleanup_error struct error ignored = {0};
    struct cgroups cgroups = {0};
    if (cgroups_plan(path, &cgroups, &ignored) < 0)
        return;
    for (size_t i = 0; i < cgroups.count; i++) {
        cgroups.items[i].made[0] = 0;
        cgroups.items[i].made_count = 1;
    }
    cgroups_remove(&cgroups, &ignored);
    cgroups_free(&cgroups);
}

/* ---- joining ---- */

int cgroups_open(struct cgroups *cgroups, struct error *error)
{
    for (size_t i = 0; i < cgroups->count; i++) {
        struct cgroup *cgroup = &cgroups->items[i];
        cleanup_free char *path = xasprintf("%s%s", cgroup->directory, cgroup->v2 ? "" : "/tasks");
        cgroup->join_fd = open(path, cgroup->v2 ? O_PATH | O_DIRECTORY | O_CLOEXEC : O_WRONLY | O_CLOEXEC);
        if (cgroup->join_fd < 0)
            return error_errno(error, errno, "%s", path);
    }
    return 0;
}

int cgroups_clone_fd(const struct cgroups *cgroups)
{
    for (size_t i = 0; i < cgroups->count; i++)
        if (cgroups->items[i].v2)
            return cgroups->items[i].join_fd;
    return -1;
}

int cgroups_join(const struct cgroups *cgroups, struct error *error)
{
    for (size_t i = 0; i < cgroups->count; i++)
        if (!cgroups->items[i].v2 && write(cgroups->items[i].join_fd, "0", 1) != 1)
            return error_errno(error, errno, "cannot join the cgroup %s", cgroups->items[i].directory);
    return 0;
}

void cgroups_close(struct cgroups *cgroups)
{
    for (size_t i = 0; i < cgroups->count; i++)
        if (cgroups->items[i].join_fd >= 0)
            close(take_fd(cgroups->items[i].join_fd));
}

/* ---- keeping ---- */

json_t *cgroups_to_json(const struct cgroups *cgroups)
{
    json_t *array = json_array();
    for (size_t i = 0; i < cgroups->count; i++) {
        const struct cgroup *cgroup = &cgroups->items[i];
        json_t *made = json_array();
        for (size_t j = 0; j < cgroup->made_count; j++)
            json_array_append_new(made, json_integer((json_int_t)cgroup->made[j]));
        json_array_append_new(array, json_pack("{s:s, s:I, s:b, s:i, s:o}", "directory", cgroup->directory,
                                               "device", (json_int_t)cgroup->device, "v2", (int)cgroup->v2,
                                               "controllers", (int)cgroup->controllers, "made", made));
    }
    return array;
}

/* Absolute, without "." and ".." and empty names. */
static bool is_plain_path(const char *path, size_t *depth)
{
    *depth = 0;
    while (*path == '/') {
        size_t length = strcspn(path + 1, "/");
        if (length == 0 || (length <= 2 && strncmp(path + 1, "..", length) == 0))
            return false;
        path += length + 1;
        ++*depth;
    }
    return *path == '\0' && *depth > 0;
}

static int read_made(const json_t *item, const char *where, struct cgroup *cgroup, struct error *error)
{
    const json_t *made = NULL;
    if (read_array(item, where, "made", &made, error) < 0)
        return -1;
    if (json_array_size(made) > CGROUP_DEPTH_MAX)
        return error_set(error, "%smade: more than %d entries", where, CGROUP_DEPTH_MAX);
    for (size_t i = 0; i < json_array_size(made); i++) {
        const json_t *inode = json_array_get(made, i);
        if (!json_is_integer(inode))
            return error_set(error, "%smade[%zu]: not a whole number", where, i);
        cgroup->made[cgroup->made_count++] = (ino_t)json_integer_value(inode);
    }
    return 0;
}

static int read_cgroup(const json_t *item, const char *where, struct cgroup *cgroup, struct error *error)
{
    const char *directory = NULL;
    int64_t device = 0, controllers = 0;
    size_t depth = 0;
    if (require_string(item, where, "directory", &directory, error) < 0)
        return -1;
    cgroup->directory = xstrdup(directory);
    if (read_integer(item, where, "device", INT64_MIN, INT64_MAX, &device, error) < 0 ||
        read_bool(item, where, "v2", &cgroup->v2, error) < 0 ||
        read_integer(item, where, "controllers", 0, CGROUP_ALL, &controllers, error) < 0 ||
        read_made(item, where, cgroup, error) < 0)
        return -1;
    cgroup->device = (dev_t)device;
    cgroup->controllers = (unsigned)controllers;
    if (!is_plain_path(directory, &depth) || depth <= cgroup->made_count)
        return error_set(error, "%sdirectory: \"%s\" cannot be a cgroup", where, directory);
    return 0;
}

int cgroups_from_json(const json_t *array, const char *file, struct cgroups *cgroups, struct error *error)
{
    size_t count = json_array_size(array);
    cgroups->items = xcalloc(count + 1, sizeof *cgroups->items);
    for (size_t i = 0; i < count; i++) {
        cleanup_free char *where = xasprintf("%s: cgroups[%zu].", file, i);
        struct cgroup *cgroup = &cgroups->items[cgroups->count++];
        cgroup->join_fd = -1;
        if (read_cgroup(json_array_get(array, i), where, cgroup, error) < 0)
            return -1;
    }
    return 0;
}

void cgroups_free(struct cgroups *cgroups)
{
    cgroups_close(cgroups);
    for (size_t i = 0; i < cgroups->count; i++)
        free(cgroups->items[i].directory);
    free(cgroups->items);
    *cgroups = (struct cgroups){0};
}
