#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/bundle/spec_state.h"
#include "runtime/lifecycle/state.h"
#include "runtime/sandbox/cgroups/freezer.h"

const char *status_name(enum status status)
{
    static const char *const names[] = {
        [STATUS_CREATING] = "creating", [STATUS_CREATED] = "created", [STATUS_RUNNING] = "running",
        [STATUS_PAUSED] = "paused",     [STATUS_STOPPED] = "stopped",
    };
    return names[status];
}

/* The text of /proc/PID/stat. Returns -1 and sets errno: ESRCH where there is no such process. */
static int read_stat(pid_t pid, char *text, size_t size)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? TEMP_FAILURE_RETRY(read(fd, text, size - 1)) : -1;
    if (fd < 0 && errno == ENOENT)
        errno = ESRCH;
    if (got < 0)
        return -1;
    text[got] = '\0';
    return 0;
}

/* Field 22, which follows the state of a live process; 0 where it is not there. */
static uint64_t start_time_in(const char *text)
{
    /* Field 2 is the program's name in parentheses, which may hold any character, so count from the last one.
     */
    const char *field = strrchr(text, ')');
    if (field == NULL || field[1] != ' ')
        return 0;
    field += 2;
    if (*field == 'Z' || *field == 'X')
        return 0;
    for (int number = 3; number < 22; number++) {
        field = strchr(field, ' ');
        if (field == NULL)
            return 0;
        field++;
    }
    return strtoull(field, NULL, 10);
}

uint64_t process_start_time(pid_t pid)
{
    char text[1024];
    if (read_stat(pid, text, sizeof text) < 0)
        return 0;
    uint64_t start_time = start_time_in(text);
    if (start_time == 0)
        errno = ESRCH;
    return start_time;
}

static int no_process(void)
{
    errno = ESRCH;
    return -1;
}

int state_open_process(const struct state *state)
{
    if (state->pid <= 0 || state->start_time == 0)
        return no_process();
    cleanup_close int pidfd = pidfd_open(state->pid, 0);
    /* Compared after the descriptor was opened: from here on it cannot become another process. */
    uint64_t start_time = pidfd >= 0 ? process_start_time(state->pid) : 0;
    if (pidfd < 0 || start_time == 0)
        return -1;
    return start_time == state->start_time ? take_fd(pidfd) : no_process();
}

bool state_is_locked(int directory)
{
    /* A description of its own: a lock belongs to one. */
    cleanup_close int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

enum status state_status(int directory, const struct state *state)
{
    cleanup_close int pidfd = state_open_process(state);
    /* Where that cannot be told, because the host has no memory or descriptors left, nobody is to take the
     * container for one whose monitor has ended. */
    bool has_process = pidfd >= 0 || errno != ESRCH;
    if (!state->complete)
        return has_process || state_is_locked(directory) ? STATUS_CREATING : STATUS_STOPPED;
    if (!has_process)
        return STATUS_STOPPED;
    if (cgroups_are_frozen(&state->cgroups))
        return STATUS_PAUSED;
    if (faccessat(directory, START_SOCKET, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return STATUS_CREATED;
    return STATUS_RUNNING;
}

static struct spec_state spec_of(const struct state *state, enum status status)
{
    return (struct spec_state){
        .oci_version = state->oci_version != NULL ? state->oci_version : "1.0.0",
        .id = state->id,
        .status = status_name(status),
        .pid = status == STATUS_STOPPED ? 0 : state->pid,
        .bundle = state->bundle,
        .annotations = state->annotations,
    };
}

json_t *state_to_spec(const struct state *state, enum status status)
{
    struct spec_state spec = spec_of(state, status);
    return spec_state_json(&spec);
}

json_t *state_describe(const struct state *state, enum status status)
{
    json_t *object = state_to_spec(state, status);
    const struct passwd *owner = getpwuid(state->owner);
    cleanup_free char *number = xasprintf("%u", state->owner);
    json_object_set_new(object, "rootfs", json_string(state->rootfs != NULL ? state->rootfs : ""));
    json_object_set_new(object, "created", json_string(state->created != NULL ? state->created : ""));
    if (state->memory.guest != 0)
        json_object_set_new(object, "memory",
                            json_pack("{s:I, s:I, s:I}", "guest", (json_int_t)state->memory.guest, "overhead",
                                      (json_int_t)state->memory.overhead, "monitor",
                                      (json_int_t)state->memory.footprint));
    json_object_set_new(object, "owner", json_string(owner != NULL ? owner->pw_name : number));
    return object;
}

char *state_spec_text(const struct state *state, enum status status)
{
    struct spec_state spec = spec_of(state, status);
    return spec_state_text(&spec);
}
