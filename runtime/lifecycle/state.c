#include "runtime/lifecycle/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "runtime/bundle/hooks.h"
#include "runtime/channel.h"

/* Where a file is written before it takes its name. */
#define STATE_TEMPORARY     "." STATE_FILE ".tmp"
#define RESOURCES_TEMPORARY "." RESOURCES_FILE ".tmp"
#define OUR_RUNTIME         "urunc"

enum {
    STATE_MAX = 32 << 20, /* bytes; holds the annotations of a config.json */
    ID_MAX = 1024,
    LISTEN_BACKLOG = 4,
    REMOVE_ATTEMPTS = 10,
    CONNECT_TIMEOUT = 5, /* seconds */
};

int container_id_check(const char *id, struct error *error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.";
    if (id[0] == '\0')
        return error_set(error, "the container ID is empty");
    if (strlen(id) > ID_MAX || strspn(id, allowed) != strlen(id) || strcmp(id, ".") == 0 ||
        strcmp(id, "..") == 0)
        return error_set(
            error, "invalid container ID \"%.64s\": it may hold letters, digits, '_', '+', '-' and '.'", id);
    return 0;
}

int state_root_make(const char *root, struct error *error)
{
    if (*root == '\0')
        return error_set(error, "--root: is empty; name a directory");
    return directory_make(root, 0711, 0711, error);
}

static int open_directory(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

int state_directory_exists(int directory, struct error *error)
{
    struct stat status;
    if (fstat(directory, &status) < 0)
        return error_errno(error, errno, "the state directory");
    return status.st_nlink > 0 ? 1 : 0;
}

int state_directory_lock(int directory, struct error *error)
{
    while (flock(directory, LOCK_EX) < 0)
        if (errno != EINTR)
            return error_errno(error, errno, "cannot lock the state");
    return state_directory_exists(directory, error);
}

/* Between its making and its locking a `delete` may have taken the directory for one that was left behind. */
static int lock_new(int fd, const char *id, struct error *error)
{
    int exists = state_directory_lock(fd, error);
    if (exists != 0)
        return exists < 0 ? -1 : 0;
    return error_numbered(error, ENOENT, "container \"%s\" was deleted while it was created", id);
}

static int open_and_lock(const char *path, const char *id, struct error *error)
{
    cleanup_close int fd = open_directory(path);
    if (fd < 0)
        return error_errno(error, errno, "%s", path);
    return lock_new(fd, id, error) < 0 ? -1 : take_fd(fd);
}

int state_directory_make(const char *root, const char *id, struct error *error)
{
    if (state_root_make(root, error) < 0)
        return -1;
    cleanup_free char *path = xasprintf("%s/%s", root, id);
    if (mkdir(path, 0700) < 0)
        return errno == EEXIST
                   ? error_numbered(error, EEXIST, "container with the ID \"%s\" already exists", id)
                   : error_errno(error, errno, "%s", path);
    int fd = open_and_lock(path, id, error);
    /* One that a `delete` has removed may be another `create`'s by now. */
    if (fd < 0 && error->number != ENOENT)
        rmdir(path);
    return fd;
}

int state_directory_check(const char *root, const char *id, int directory, struct error *error)
{
    struct stat own, named;
    cleanup_free char *path = xasprintf("%s/%s", root, id);
    if (fstat(directory, &own) == 0 && lstat(path, &named) == 0 && own.st_dev == named.st_dev &&
        own.st_ino == named.st_ino)
        return 0;
    return error_set(error, "%s: is no longer the container's directory", path);
}

void state_directory_unlock(int directory)
{
    flock(directory, LOCK_UN);
}

int state_directory_open(const char *root, const char *id, struct error *error)
{
    cleanup_free char *path = xasprintf("%s/%s", root, id);
    int fd = open_directory(path);
    if (fd >= 0)
        return fd;
    /* containerd and others look for the words "does not exist". */
    return errno == ENOENT ? error_numbered(error, ENOENT, "container \"%s\" does not exist", id)
                           : error_errno(error, errno, "%s", path);
}

static int remove_files(int directory, const char *path, struct error *error)
{
    static const char *const ours[] = {STATE_FILE,   STATE_TEMPORARY, RESOURCES_FILE, RESOURCES_TEMPORARY,
                                       START_SOCKET, CHANNEL_SOCKET,  MONITOR_SOCKET, SHARE_SOCKET};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (unlinkat(directory, ours[i], 0) < 0 && errno != ENOENT)
            return error_errno(error, errno, "%s/%s", path, ours[i]);
    return 0;
}

int state_directory_remove(const char *root, const char *id, struct error *error)
{
    cleanup_free char *path = xasprintf("%s/%s", root, id);
    cleanup_close int fd = open_directory(path);
    if (fd < 0)
        return errno == ENOENT ? 0 : error_errno(error, errno, "%s", path);
    /* A `start` whose container was ended meanwhile may write its state once more. */
    for (int attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
        if (remove_files(fd, path, error) < 0)
            return -1;
        if (rmdir(path) == 0 || errno == ENOENT)
            return 0;
        if (errno != ENOTEMPTY)
            break;
    }
    return error_errno(error, errno, "%s", path);
}

/* Through the directory's descriptor, because a socket's path has 107 bytes at most and --root may be longer.
 */
static struct sockaddr_un socket_address(int directory, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory, name);
    return address;
}

int state_listen(int directory, const char *name, int type, struct error *error)
{
    struct sockaddr_un address = socket_address(directory, name);
    cleanup_close int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    /* The name gets the mode that the socket has when it is bound. */
    if (fd < 0 || fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, LISTEN_BACKLOG) < 0)
        return error_errno(error, errno, "%s", name);
    return take_fd(fd);
}

int state_connect(int directory, const char *name, int type, struct error *error)
{
    struct sockaddr_un address = socket_address(directory, name);
    const struct timeval timeout = {.tv_sec = CONNECT_TIMEOUT};
    cleanup_close int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    /* With a timeout, a command that was stopped and continued gets EINTR (signal(7)). */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) < 0 ||
        TEMP_FAILURE_RETRY(connect(fd, (struct sockaddr *)&address, sizeof address)) < 0)
        return error_errno(error, errno, "%s", name);
    return take_fd(fd);
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, key, json_string(text));
}

static void set_texts(json_t *object, const char *key, const struct strings *texts)
{
    json_t *array = json_array();
    for (size_t i = 0; i < texts->count; i++)
        json_array_append_new(array, json_string(texts->items[i]));
    json_object_set_new(object, key, array);
}

static json_t *state_to_json(const struct state *state)
{
    json_t *object = json_pack("{s:s, s:s, s:i, s:I, s:b, s:I}", "runtime", OUR_RUNTIME, "id", state->id,
                               "pid", (int)state->pid, "startTime", (json_int_t)state->start_time, "complete",
                               (int)state->complete, "owner", (json_int_t)state->owner);
    set_text(object, "ociVersion", state->oci_version);
    set_text(object, "bundle", state->bundle);
    set_text(object, "rootfs", state->rootfs);
    set_text(object, "created", state->created);
    set_text(object, "systemdUnit", state->systemd_unit);
    set_text(object, "metrics", state->metrics);
    set_text(object, "hypervisor", state->hypervisor);
    json_object_set_new(object, "guestStops", json_boolean(state->guest_stops));
    set_text(object, "trace", state->trace);
    set_text(object, "networkNamespace", state->network_namespace);
    json_object_set_new(object, "networkDevice", json_integer((json_int_t)state->network_device));
    json_object_set_new(object, "networkInode", json_integer((json_int_t)state->network_inode));
    json_object_set_new(object, "networkPid", json_integer(state->network_pid));
    json_object_set_new(object, "networkStartTime", json_integer((json_int_t)state->network_start_time));
    set_texts(object, "networkInterfaces", &state->network_interfaces);
    set_texts(object, "networkTaps", &state->network_taps);
    if (state->annotations != NULL)
        json_object_set(object, "annotations", state->annotations);
    if (state->hooks != NULL)
        json_object_set(object, "hooks", state->hooks);
    if (state->resources != NULL)
        json_object_set(object, "resources", state->resources);
    json_object_set_new(object, "memory",
                        json_pack("{s:I, s:I, s:I, s:I}", "guest", (json_int_t)state->memory.guest,
                                  "overhead", (json_int_t)state->memory.overhead, "footprint",
                                  (json_int_t)state->memory.footprint, "monitor",
                                  (json_int_t)state->memory_overhead));
    json_object_set_new(object, "cgroups", cgroups_to_json(&state->cgroups));
    json_object_set_new(object, "resctrl", resctrl_to_json(&state->resctrl));
    return object;
}

/* No fsync: the root is a tmpfs, and no container outlives the machine anyway. */
static int replace_file(int directory, const char *name, const json_t *json, struct error *error)
{
    cleanup_free char *text = json_dumps(json, JSON_COMPACT);
    if (text == NULL)
        return error_set(error, "%s: cannot be encoded", name);
    cleanup_free char *temporary = xasprintf(".%s.tmp", name);
    cleanup_close int fd =
        openat(directory, temporary, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_errno(error, errno, "%s", temporary);
    if (write_all(fd, text, strlen(text), name, error) < 0)
        return -1;
    if (renameat(directory, temporary, directory, name) < 0)
        return error_errno(error, errno, "%s", name);
    return 0;
}

int state_write(int directory, const struct state *state, struct error *error)
{
    cleanup_json json_t *json = state_to_json(state);
    return replace_file(directory, STATE_FILE, json, error);
}

int state_write_resources(int directory, const json_t *resources, struct error *error)
{
    return replace_file(directory, RESOURCES_FILE, resources, error);
}

static int copy_text(const json_t *object, const char *key, char **out, struct error *error)
{
    const char *text = NULL;
    if (read_string(object, STATE_FILE ": ", key, &text, error) < 0)
        return -1;
    *out = text != NULL ? xstrdup(text) : NULL;
    return 0;
}

static int read_numbers(const json_t *object, struct state *state, struct error *error)
{
    static const char where[] = STATE_FILE ": ";
    int64_t pid = 0, start_time = 0, owner = 0, device = 0, inode = 0, network_pid = 0, network_start = 0;
    if (read_integer(object, where, "pid", 0, INT_MAX, &pid, error) < 0 ||
        read_integer(object, where, "startTime", 0, INT64_MAX, &start_time, error) < 0 ||
        read_integer(object, where, "owner", 0, UINT32_MAX, &owner, error) < 0 ||
        read_integer(object, where, "networkDevice", INT64_MIN, INT64_MAX, &device, error) < 0 ||
        read_integer(object, where, "networkInode", INT64_MIN, INT64_MAX, &inode, error) < 0 ||
        read_integer(object, where, "networkPid", 0, INT_MAX, &network_pid, error) < 0 ||
        read_integer(object, where, "networkStartTime", 0, INT64_MAX, &network_start, error) < 0 ||
        read_bool(object, where, "complete", &state->complete, error) < 0)
        return -1;
    state->network_pid = (pid_t)network_pid;
    state->network_start_time = (uint64_t)network_start;
    state->pid = (pid_t)pid;
    state->start_time = (uint64_t)start_time;
    state->owner = (uid_t)owner;
    state->network_device = (dev_t)device;
    state->network_inode = (ino_t)inode;
    return 0;
}

static int read_bytes(const json_t *memory, const char *key, uint64_t *out, struct error *error)
{
    int64_t bytes = 0;
    if (read_integer(memory, STATE_FILE ": memory.", key, 0, INT64_MAX, &bytes, error) < 0)
        return -1;
    *out = (uint64_t)bytes;
    return 0;
}

static int read_memory(const json_t *object, struct state *state, struct error *error)
{
    const json_t *memory = NULL;
    if (read_object(object, STATE_FILE ": ", "memory", &memory, error) < 0 ||
        read_bytes(memory, "guest", &state->memory.guest, error) < 0 ||
        read_bytes(memory, "overhead", &state->memory.overhead, error) < 0 ||
        read_bytes(memory, "footprint", &state->memory.footprint, error) < 0)
        return -1;
    return read_bytes(memory, "monitor", &state->memory_overhead, error);
}

static int state_from_json(const json_t *object, struct state *state, struct error *error)
{
    static const char where[] = STATE_FILE ": ";
    const json_t *annotations = NULL, *hooks = NULL, *resources = NULL, *resctrl = NULL;
    if (read_memory(object, state, error) < 0 || read_numbers(object, state, error) < 0 ||
        copy_text(object, "id", &state->id, error) < 0 ||
        copy_text(object, "ociVersion", &state->oci_version, error) < 0 ||
        copy_text(object, "bundle", &state->bundle, error) < 0 ||
        copy_text(object, "rootfs", &state->rootfs, error) < 0 ||
        copy_text(object, "created", &state->created, error) < 0 ||
        copy_text(object, "systemdUnit", &state->systemd_unit, error) < 0 ||
        copy_text(object, "metrics", &state->metrics, error) < 0 ||
        copy_text(object, "hypervisor", &state->hypervisor, error) < 0 ||
        read_bool(object, where, "guestStops", &state->guest_stops, error) < 0 ||
        copy_text(object, "trace", &state->trace, error) < 0 ||
        copy_text(object, "networkNamespace", &state->network_namespace, error) < 0 ||
        read_strings(object, where, "networkInterfaces", &state->network_interfaces, error) < 0 ||
        read_strings(object, where, "networkTaps", &state->network_taps, error) < 0 ||
        read_object(object, where, "annotations", &annotations, error) < 0 ||
        read_object(object, where, "resources", &resources, error) < 0 ||
        read_object(object, where, "resctrl", &resctrl, error) < 0 ||
        resctrl_from_json(resctrl, STATE_FILE, &state->resctrl, error) < 0 ||
        read_object(object, where, "hooks", &hooks, error) < 0 || hooks_check(hooks, STATE_FILE, error) < 0)
        return -1;
    if (state->id == NULL || state->bundle == NULL)
        return error_set(error, "%sid or bundle: missing", where);
    if (state->network_interfaces.count != state->network_taps.count)
        return error_set(error, "%snetworkTaps: not one for each of networkInterfaces", where);
    state->annotations = json_incref((json_t *)annotations);
    state->hooks = json_incref((json_t *)hooks);
    state->resources = json_incref((json_t *)resources);
    return cgroups_from_json(json_object_get(object, "cgroups"), STATE_FILE, &state->cgroups, error);
}

static json_t *load(int directory, const char *name, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    if (read_file(directory, name, STATE_MAX, &text, error) < 0)
        return NULL;
    return parse_json(text.data, text.length, name, error);
}

json_t *state_read_resources(int directory, const struct state *state, struct error *error)
{
    json_t *resources = load(directory, RESOURCES_FILE, error);
    if (resources == NULL && error->number == ENOENT) {
        error_clear(error);
        return state->resources != NULL ? json_incref(state->resources) : json_object();
    }
    if (resources == NULL || json_is_object(resources))
        return resources;
    json_decref(resources);
    error_set(error, RESOURCES_FILE ": not an object");
    return NULL;
}

bool state_is_ours(const json_t *object)
{
    const char *runtime = json_string_value(json_object_get(object, "runtime"));
    return runtime != NULL && strcmp(runtime, OUR_RUNTIME) == 0;
}

int state_read(int directory, struct state *state, struct error *error)
{
    *state = (struct state){0};
    cleanup_json json_t *object = load(directory, STATE_FILE, error);
    if (object == NULL)
        return -1;
    if (!state_is_ours(object))
        return error_set(error, STATE_FILE ": not urunc's");
    if (state_from_json(object, state, error) == 0)
        return 0;
    state_free(state);
    return -1;
}

void state_free(struct state *state)
{
    free(state->id);
    free(state->oci_version);
    free(state->bundle);
    free(state->rootfs);
    free(state->created);
    free(state->systemd_unit);
    free(state->metrics);
    free(state->hypervisor);
    free(state->trace);
    free(state->network_namespace);
    strings_free(&state->network_interfaces);
    strings_free(&state->network_taps);
    json_decref(state->annotations);
    json_decref(state->hooks);
    json_decref(state->resources);
    cgroups_free(&state->cgroups);
    resctrl_free(&state->resctrl);
    *state = (struct state){0};
}
