#include "runtime/sandbox/cgroups/freezer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"

enum {
    FREEZE_TIMEOUT = 10 * 1000,    /* milliseconds */
    FREEZE_PAUSE = 1 * 1000 * 1000 /* nanoseconds */
};

/* How each version of cgroups freezes. */
struct freezer {
    const char *file;   /* that is written to; a cgroup has it or has no freezer */
    const char *freeze; /* what is written */
    const char *thaw;
    const char *state_file; /* that says what has come of it */
    const char *frozen;     /* a line of it */
    const char *thawed;
    const char *own_file; /* that says whether it was asked of this very cgroup, by OWN_FROZEN */
};
#define OWN_FROZEN "1\n"

static const struct freezer version_1 = {
    "freezer.state", "FROZEN", "THAWED", "freezer.state", "FROZEN\n", "THAWED\n", "freezer.self_freezing"};
static const struct freezer version_2 = {
    "cgroup.freeze", "1", "0", "cgroup.events", "frozen 1\n", "frozen 0\n", "cgroup.freeze"};

/* A cgroup of the container's own that can be frozen. */
struct freezable {
    const struct freezer *freezer;
    int directory; /* owned; -1: none */
};

static void freezable_free(struct freezable *cgroup)
{
    if (cgroup->directory >= 0)
        close(take_fd(cgroup->directory));
}
#define cleanup_freezable __attribute__((cleanup(freezable_free)))

static const struct freezer *freezer_of(const struct cgroup *cgroup)
{
    return cgroup->v2 ? &version_2 : &version_1;
}

/* One is enough: the container's processes are in all of its cgroups. 0 where there is none. */
static int find(const struct cgroups *cgroups, struct freezable *found, struct error *error)
{
    for (size_t i = 0; i < cgroups->count; i++) {
        const struct freezer *freezer = freezer_of(&cgroups->items[i]);
        /* Most hierarchies of version 1 have none: those are not opened and compared. */
        cleanup_free char *file = xasprintf("%s/%s", cgroups->items[i].directory, freezer->file);
        if (access(file, F_OK) < 0 && errno == ENOENT)
            continue;
        cleanup_close int directory = cgroup_open(&cgroups->items[i], error);
        if (error_is_set(error))
            return -1;
        bool has_freezer =
            directory >= 0 && faccessat(directory, freezer->file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
        if (directory >= 0 && !has_freezer && errno != ENOENT)
            return error_errno(error, errno, "%s", freezer->file);
        if (!has_freezer)
            continue;
        *found = (struct freezable){.freezer = freezer, .directory = take_fd(directory)};
        return 1;
    }
    return 0;
}

static bool has_line(int directory, const char *file, const char *line)
{
    cleanup_error struct error ignored = {0};
    cleanup_buffer struct buffer text = {0};
    return read_file(directory, file, CGROUP_FILE_MAX, &text, &ignored) == 0 && text.length > 0 &&
           strstr(text.data, line) != NULL;
}

static int write_state(const struct freezable *cgroup, const char *state, struct error *error)
{
    const char *file = cgroup->freezer->file;
    cleanup_close int fd = openat(cgroup->directory, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || TEMP_FAILURE_RETRY(write(fd, state, strlen(state))) < 0)
        return error_errno(error, errno, "%s: cannot write \"%s\"", file, state);
    return 0;
}

/* Version 1 must be asked again where processes are being made meanwhile. */
static int change(const struct freezable *cgroup, const char *state, const char *line, struct error *error)
{
    const struct timespec pause = {.tv_nsec = FREEZE_PAUSE};
    int64_t deadline = clock_milliseconds() + FREEZE_TIMEOUT;
    do {
        if (write_state(cgroup, state, error) < 0)
            return -1;
        if (has_line(cgroup->directory, cgroup->freezer->state_file, line))
            return 0;
        nanosleep(&pause, NULL);
    } while (clock_milliseconds() < deadline);
    return error_set(error, "the cgroup does not become \"%.*s\" within %d seconds", (int)strcspn(line, "\n"),
                     line, FREEZE_TIMEOUT / 1000);
}

static int require(const struct cgroups *cgroups, struct freezable *found, struct error *error)
{
    int status = find(cgroups, found, error);
    if (status == 0)
        return error_set(error,
                         "it has no cgroup of its own with a freezer (cgroup.freeze of version 2, or the "
                         "freezer hierarchy of version 1)");
    return status;
}

int cgroups_freeze(const struct cgroups *cgroups, struct error *error)
{
    cleanup_freezable struct freezable cgroup = {.directory = -1};
    cleanup_error struct error ignored = {0};
    if (require(cgroups, &cgroup, error) < 0)
        return -1;
    int status = change(&cgroup, cgroup.freezer->freeze, cgroup.freezer->frozen, error);
    if (status < 0)
        write_state(&cgroup, cgroup.freezer->thaw, &ignored);
    return status;
}

/* Where a cgroup above is frozen, too, the processes do not go on, and only the wish is taken back. */
int cgroups_thaw(const struct cgroups *cgroups, struct error *error)
{
    cleanup_freezable struct freezable cgroup = {.directory = -1};
    if (require(cgroups, &cgroup, error) < 0)
        return -1;
    return write_state(&cgroup, cgroup.freezer->thaw, error);
}

bool cgroups_are_frozen(const struct cgroups *cgroups)
{
    cleanup_freezable struct freezable cgroup = {.directory = -1};
    cleanup_error struct error ignored = {0};
    if (find(cgroups, &cgroup, &ignored) <= 0)
        return false;
    return has_line(cgroup.directory, cgroup.freezer->own_file, OWN_FROZEN);
}
