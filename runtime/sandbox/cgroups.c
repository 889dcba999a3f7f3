/* The container's control groups: making, joining, signalling, removing. */
#include "runtime/sandbox/cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"

enum {
    CGROUP_FILE_MAX = 1 << 20,      /* bytes of a file that we read: cgroup.procs of a large group */
    REMOVE_ATTEMPTS = 200,          /* of REMOVE_PAUSE each, while killed processes go away */
    REMOVE_PAUSE = 5 * 1000 * 1000, /* nanoseconds */
    PARENTS_MAX = 64,
};

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
    cleanup_buffer struct buffer path = {0};
    cleanup_free char *copy = xstrdup(cgroups_path);
    char *rest = NULL;
    for (char *part = strtok_r(copy, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest)) {
        if (strcmp(part, "..") == 0 || strlen(part) > NAME_MAX) {
            error_set(error, "linux.cgroupsPath: \"%.256s\" is no path that stays in its hierarchy",
                      cgroups_path);
            return NULL;
        }
        if (strcmp(part, ".") != 0)
            buffer_format(&path, "/%s", part);
    }
    if (path.length == 0 || path.length > PATH_MAX / 2) {
        error_set(error, "linux.cgroupsPath: \"%.256s\" names no cgroup of the container's own",
                  cgroups_path);
        return NULL;
    }
    return buffer_take(&path);
}

/* ---- files of a cgroup ---- */

int cgroup_write(const struct cgroup *cgroup, const char *file, const char *value, struct error *error)
{
    cleanup_free char *path = xasprintf("%s/%s", cgroup->directory, file);
    cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || write(fd, value, strlen(value)) < 0)
        return error_errno(error, errno, "%s: cannot write \"%s\"", path, value);
    return 0;
}

static int read_in(const char *directory, const char *file, struct buffer *text)
{
    cleanup_error struct error ignored = {0};
    cleanup_free char *path = xasprintf("%s/%s", directory, file);
    return read_file(AT_FDCWD, path, CGROUP_FILE_MAX, text, &ignored);
}

static void copy_up(const char *directory, const char *file)
{
    cleanup_error struct error ignored = {0};
    cleanup_buffer struct buffer own = {0}, above = {0};
    cleanup_free char *parent = xstrndup(directory, (size_t)(strrchr(directory, '/') - directory));
    if (read_in(directory, file, &own) < 0 || (own.length > 1 && own.data[0] != '\n'))
        return;
    if (read_in(parent, file, &above) == 0 && above.length > 0)
        cgroup_write(&(struct cgroup){.directory = (char *)directory}, file, above.data, &ignored);
}

/* A new cpuset of version 1 has no processors and takes no process until it is given its parent's. */
static void inherit_cpuset(const char *directory)
{
    copy_up(directory, "cpuset.cpus");
    copy_up(directory, "cpuset.mems");
}

/* Version 2: a parent must hand each controller on to its children. One at a time, because one that cannot be
 * handed on would refuse them all; whether it is missed shows when a limit is set. */
static void enable_controllers(const char *directory)
{
    static const char *const wanted[] = {"+memory", "+cpu", "+cpuset", "+pids", "+io"};
    cleanup_error struct error ignored = {0};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        cgroup_write(&(struct cgroup){.directory = (char *)directory}, "cgroup.subtree_control", wanted[i],
                     &ignored);
}

static unsigned v2_controllers(const char *directory)
{
    cleanup_buffer struct buffer text = {0};
    if (read_in(directory, "cgroup.controllers", &text) < 0)
        return 0;
    unsigned controllers = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text.data, " \n", &rest); word != NULL; word = strtok_r(NULL, " \n", &rest)) {
        controllers |= strcmp(word, "memory") == 0 ? CGROUP_MEMORY : 0;
        controllers |= strcmp(word, "cpu") == 0 ? CGROUP_CPU : 0;
        controllers |= strcmp(word, "cpuset") == 0 ? CGROUP_CPUSET : 0;
        controllers |= strcmp(word, "pids") == 0 ? CGROUP_PIDS : 0;
    }
    return controllers;
}

/* ---- making ---- */

static int check_unused(const char *directory, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    if (read_in(directory, "cgroup.procs", &text) < 0 || text.length == 0)
        return 0;
    return error_set(error, "linux.cgroupsPath: %s has processes in it", directory);
}

/* Takes back the `made` last directories of a path. */
static void unmake(char *directory, unsigned made)
{
    for (; made > 0 && rmdir(directory) == 0; made--)
        *strrchr(directory, '/') = '\0';
}

/* Makes MOUNT/a/b/c one by one. Returns 1, or 0 where the hierarchy cannot be written to. */
static int make_cgroup(const struct cgroup_mount *mount, const char *path, struct cgroup *cgroup,
                       struct error *error)
{
    cleanup_free char *directory = xasprintf("%s%s", mount->directory, path);
    unsigned made = 0;
    for (char *end = directory + strlen(mount->directory); end != NULL;) {
        *end = '\0';
        if (mount->v2 && access(directory, W_OK) == 0 && v2_controllers(directory) != 0)
            enable_controllers(directory);
        *end = '/';
        end = strchr(end + 1, '/');
        if (end != NULL)
            *end = '\0';
        bool exists = mkdir(directory, 0755) < 0;
        if (exists && errno != EEXIST) {
            int number = errno;
            error_errno(error, number, "%s", directory);
            *strrchr(directory, '/') = '\0';
            unmake(directory, made);
            if (number != EROFS && number != EACCES && number != EPERM)
                return -1;
            error_clear(error);
            return 0;
        }
        if (exists && end == NULL && check_unused(directory, error) < 0)
            return -1;
        made = exists ? 0 : made + 1;
        if (mount->controllers & CGROUP_CPUSET)
            inherit_cpuset(directory);
    }
    *cgroup = (struct cgroup){.parents_made = made > 0 ? made - 1 : 0, .v2 = mount->v2, .join_fd = -1};
    cgroup->controllers = mount->v2 ? v2_controllers(directory) : mount->controllers;
    cgroup->directory = take_pointer(directory);
    return 1;
}

/* Another mount may lie over it, of cgroups of the other version or of no cgroups at all. */
static bool is_visible(const struct cgroup_mount *mount)
{
    struct statfs status;
    return statfs(mount->directory, &status) == 0 &&
           status.f_type == (mount->v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC);
}

static int find_mounts(struct cgroup_mounts *mounts, struct error *error)
{
    cleanup_buffer struct buffer mountinfo = {0};
    if (read_file(AT_FDCWD, "/proc/self/mountinfo", CGROUP_FILE_MAX, &mountinfo, error) < 0)
        return -1;
    cgroup_mounts_parse(mountinfo.data, mounts);
    return 0;
}

static int make_all(const char *path, struct cgroups *cgroups, struct error *error)
{
    struct cgroup_mounts mounts = {0};
    if (find_mounts(&mounts, error) < 0)
        return -1;
    cgroups->items = xcalloc(mounts.count + 1, sizeof *cgroups->items);
    int status = 0;
    for (size_t i = 0; i < mounts.count && status >= 0; i++) {
        if (!is_visible(&mounts.items[i]))
            continue;
        status = make_cgroup(&mounts.items[i], path, &cgroups->items[cgroups->count], error);
        if (status > 0)
            cgroups->count++;
    }
    cgroup_mounts_free(&mounts);
    return status < 0 ? -1 : 0;
}

int cgroups_create(const char *path, const json_t *resources, uint64_t overhead, struct cgroups *cgroups,
                   struct error *error)
{
    cleanup_error struct error ignored = {0};
    *cgroups = (struct cgroups){0};
    if (make_all(path, cgroups, error) == 0 && cgroups_set_limits(cgroups, resources, overhead, error) == 0)
        return 0;
    cgroups_remove(cgroups, &ignored);
    cgroups_free(cgroups);
    return -1;
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

/* ---- signalling and removing ---- */

int cgroups_signal(const struct cgroups *cgroups, int signal, struct error *error)
{
    if (cgroups->count == 0)
        return 0;
    cleanup_buffer struct buffer text = {0};
    if (read_in(cgroups->items[0].directory, "cgroup.procs", &text) < 0)
        return 0;
    int count = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text.data, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        pid_t pid = (pid_t)strtol(line, NULL, 10);
        /* 0 stands for a process that this process ID namespace does not see. */
        if (pid <= 0)
            continue;
        count++;
        if (kill(pid, signal) < 0 && errno != ESRCH)
            return error_errno(error, errno, "cannot signal process %d", (int)pid);
    }
    return count;
}

static int remove_one(const char *directory)
{
    struct timespec pause = {.tv_nsec = REMOVE_PAUSE};
    for (int attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
        if (rmdir(directory) == 0 || errno == ENOENT)
            return 0;
        if (errno != EBUSY)
            return -1;
        cleanup_error struct error ignored = {0};
        struct cgroup cgroup = {.directory = (char *)directory};
        cgroups_signal(&(struct cgroups){.items = &cgroup, .count = 1}, SIGKILL, &ignored);
        nanosleep(&pause, NULL);
    }
    return -1;
}

int cgroups_remove(const struct cgroups *cgroups, struct error *error)
{
    int status = 0;
    for (size_t i = 0; i < cgroups->count; i++) {
        const struct cgroup *cgroup = &cgroups->items[i];
        if (remove_one(cgroup->directory) < 0) {
            status = error_errno(error, errno, "cannot remove the cgroup %s", cgroup->directory);
            continue;
        }
        cleanup_free char *parent = xstrdup(cgroup->directory);
        for (unsigned made = cgroup->parents_made; made > 0; made--) {
            *strrchr(parent, '/') = '\0';
            if (rmdir(parent) < 0) /* another container lives in it by now */
                break;
        }
    }
    return status;
}

void cgroups_remove_at(const char *path)
{
    cleanup_error struct error ignored = {0};
    struct cgroup_mounts mounts = {0};
    if (find_mounts(&mounts, &ignored) < 0)
        return;
    for (size_t i = 0; i < mounts.count; i++) {
        if (!is_visible(&mounts.items[i]))
            continue;
        cleanup_free char *directory = xasprintf("%s%s", mounts.items[i].directory, path);
        remove_one(directory);
    }
    cgroup_mounts_free(&mounts);
}

/* ---- keeping ---- */

json_t *cgroups_to_json(const struct cgroups *cgroups)
{
    json_t *array = json_array();
    for (size_t i = 0; i < cgroups->count; i++)
        json_array_append_new(array, json_pack("{s:s, s:i}", "directory", cgroups->items[i].directory,
                                               "parentsMade", (int)cgroups->items[i].parents_made));
    return array;
}

int cgroups_from_json(const json_t *array, const char *file, struct cgroups *cgroups, struct error *error)
{
    size_t count = json_array_size(array);
    cgroups->items = xcalloc(count + 1, sizeof *cgroups->items);
    for (size_t i = 0; i < count; i++) {
        cleanup_free char *where = xasprintf("%s: cgroups[%zu].", file, i);
        const json_t *item = json_array_get(array, i);
        const char *directory = NULL;
        int64_t parents = 0;
        if (require_string(item, where, "directory", &directory, error) < 0 ||
            read_integer(item, where, "parentsMade", 0, PARENTS_MAX, &parents, error) < 0)
            return -1;
        size_t depth = 0;
        for (const char *c = directory; *c != '\0'; c++)
            depth += *c == '/';
        if (directory[0] != '/' || strstr(directory, "/..") != NULL || depth <= (size_t)parents)
            return error_set(error, "%sdirectory: \"%s\" is no cgroup", where, directory);
        cgroups->items[cgroups->count++] = (struct cgroup){
            .directory = xstrdup(directory), .parents_made = (unsigned)parents, .join_fd = -1};
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
