#include "runtime/sandbox/namespaces/id_mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/proc.h"

enum { MAPPINGS_MAX = 340 }; /* of user_namespaces(7) */

/* The ID 2^32-1 means "none" to the kernel. */
static bool reaches_beyond(uint32_t first, uint32_t size)
{
    return size > UINT32_MAX - first;
}

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
    return a < b ? b - a < a_size : a - b < b_size;
}

static int read_mapping(const json_t *item, const char *where, struct id_mapping *mapping,
                        struct error *error)
{
    if (!json_is_object(item))
        return error_set(error, "%.*s: not an object", (int)strlen(where) - 1, where);
    if (read_uint32(item, where, "containerID", &mapping->container, error) < 0 ||
        read_uint32(item, where, "hostID", &mapping->host, error) < 0 ||
        read_uint32(item, where, "size", &mapping->size, error) < 0)
        return -1;
    if (mapping->size == 0)
        return error_set(error, "%ssize: missing or 0", where);
    if (reaches_beyond(mapping->container, mapping->size) || reaches_beyond(mapping->host, mapping->size))
        return error_set(error, "%ssize: %u reaches beyond the last ID", where, mapping->size);
    return 0;
}

static int check_overlap(const struct id_mappings *mappings, const char *where, struct error *error)
{
    const struct id_mapping *last = &mappings->items[mappings->count - 1];
    for (size_t i = 0; i + 1 < mappings->count; i++) {
        const struct id_mapping *other = &mappings->items[i];
        if (overlap(other->container, other->size, last->container, last->size))
            return error_set(error, "%scontainerID: %u: the range overlaps that of entry %zu", where,
                             last->container, i);
        if (overlap(other->host, other->size, last->host, last->size))
            return error_set(error, "%shostID: %u: the range overlaps that of entry %zu", where, last->host,
                             i);
    }
    return 0;
}

int id_mappings_read(const json_t *linux_object, const char *file, const char *key,
                     struct id_mappings *mappings, struct error *error)
{
    cleanup_free char *outer = xasprintf("%s: linux.", file);
    const json_t *array = NULL;
    if (read_array(linux_object, outer, key, &array, error) < 0)
        return -1;
    size_t size = json_array_size(array);
    if (size > MAPPINGS_MAX)
        return error_set(error, "%s%s: %zu entries are more than the kernel's %d", outer, key, size,
                         MAPPINGS_MAX);
    mappings->items = xcalloc(size + 1, sizeof *mappings->items);
    for (size_t i = 0; i < size; i++) {
        cleanup_free char *where = xasprintf("%s%s[%zu].", outer, key, i);
        if (read_mapping(json_array_get(array, i), where, &mappings->items[i], error) < 0)
            return -1;
        mappings->count++;
        if (check_overlap(mappings, where, error) < 0)
            return -1;
    }
    return 0;
}

void id_mappings_free(struct id_mappings *mappings)
{
    free(mappings->items);
    *mappings = (struct id_mappings){0};
}

int64_t id_mappings_outside(const struct id_mappings *mappings, uint32_t id)
{
    for (size_t i = 0; i < mappings->count; i++) {
        const struct id_mapping *mapping = &mappings->items[i];
        if (id >= mapping->container && id - mapping->container < mapping->size)
            return (int64_t)mapping->host + (id - mapping->container);
    }
    return -1;
}

static const struct id_mapping *find_outside(const struct id_mappings *mappings, uint32_t id)
{
    for (size_t i = 0; i < mappings->count; i++)
        if (id >= mappings->items[i].host && id - mappings->items[i].host < mappings->items[i].size)
            return &mappings->items[i];
    return NULL;
}

int64_t id_mappings_inside(const struct id_mappings *mappings, uint32_t id)
{
    const struct id_mapping *held = find_outside(mappings, id);
    return held != NULL ? (int64_t)held->container + (id - held->host) : -1;
}

void id_mappings_add(struct id_mappings *mappings, struct id_mapping mapping)
{
    mappings->items = xreallocarray(mappings->items, mappings->count + 1, sizeof *mappings->items);
    mappings->items[mappings->count++] = mapping;
}

int id_mappings_translate(struct id_mappings *mappings, const struct id_mappings *inside, const char *key,
                          struct error *error)
{
    struct id_mappings result = {0};
    for (size_t i = 0; i < mappings->count; i++) {
        struct id_mapping rest = mappings->items[i];
        while (rest.size > 0) {
            const struct id_mapping *held = find_outside(inside, rest.host);
            if (held == NULL) {
                id_mappings_free(&result);
                return error_set(
                    error,
                    "config.json: linux.%s[%zu].hostID: %u is not an ID of this user: give it one "
                    "in /etc/subuid and /etc/subgid, and install newuidmap and newgidmap",
                    key, i, rest.host);
            }
            uint32_t offset = rest.host - held->host, left = held->size - offset;
            uint32_t size = rest.size < left ? rest.size : left;
            id_mappings_add(&result, (struct id_mapping){rest.container, held->container + offset, size});
            rest = (struct id_mapping){rest.container + size, rest.host + size, rest.size - size};
        }
    }
    id_mappings_free(mappings);
    *mappings = result;
    return 0;
}

static int write_proc(pid_t pid, const char *name, const char *text)
{
    cleanup_free char *path = xasprintf("/proc/%d/%s", (int)pid, name);
    cleanup_error struct error error = {0};
    cleanup_close int fd = proc_open(path, O_WRONLY, &error);
    size_t length = strlen(text);
    if (fd >= 0)
        return write(fd, text, length) == (ssize_t)length ? 0 : -1;
    errno = error.number;
    return -1;
}

int id_mappings_write(const struct id_mappings *mappings, pid_t pid, const char *name, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    buffer_add_string(&text, "");
    for (size_t i = 0; i < mappings->count; i++)
        buffer_format(&text, "%u %u %u\n", mappings->items[i].container, mappings->items[i].host,
                      mappings->items[i].size);
    if (write_proc(pid, name, text.data) == 0)
        return 0;
    /* Without CAP_SETGID the kernel takes a group mapping only where setgroups is given up
     * (user_namespaces(7)). */
    if (errno == EPERM && strcmp(name, "gid_map") == 0 && write_proc(pid, "setgroups", "deny") == 0 &&
        write_proc(pid, name, text.data) == 0)
        return 0;
    return error_errno(error, errno, "cannot write the container's %s", name);
}
