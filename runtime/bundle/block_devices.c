#include "runtime/bundle/block_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"

enum {
    UEVENT_MAX = 1 << 16, /* bytes */
    DEFAULT_MODE = 0660,
    PERMISSIONS = 0777,
};

static json_int_t number_of(const json_t *object, const char *key, json_int_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static bool has_text(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL && strcmp(value, text) == 0;
}

/* The last rule for this device alone that allows something; NULL: none. */
static const json_t *find_rule(const json_t *rules, dev_t number)
{
    const json_t *found = NULL;
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);
        if (json_is_true(json_object_get(rule, "allow")) && has_text(rule, "type", "b") &&
            number_of(rule, "major", -1) == major(number) && number_of(rule, "minor", -1) == minor(number))
            found = rule;
    }
    return found;
}

static bool may_write(const json_t *rule)
{
    const char *access = json_string_value(json_object_get(rule, "access"));
    return access != NULL && strchr(access, 'w') != NULL;
}

void block_devices_read(const json_t *devices, const json_t *rules, struct block_devices *list)
{
    *list = (struct block_devices){.items = xcalloc(json_array_size(devices) + 1, sizeof *list->items)};
    for (size_t i = 0; i < json_array_size(devices); i++) {
        const json_t *device = json_array_get(devices, i);
        json_int_t major_number = number_of(device, "major", -1),
                   minor_number = number_of(device, "minor", -1);
        if (!has_text(device, "type", "b") || major_number < 0 || minor_number < 0)
            continue;
        dev_t number = makedev((unsigned)major_number, (unsigned)minor_number);
        const json_t *rule = find_rule(rules, number);
        if (rule == NULL)
            continue;
        list->items[list->count++] = (struct block_device){
            .path = json_string_value(json_object_get(device, "path")),
            .number = number,
            .mode = (mode_t)number_of(device, "fileMode", DEFAULT_MODE) & PERMISSIONS,
            .uid = (uint32_t)number_of(device, "uid", 0),
            .gid = (uint32_t)number_of(device, "gid", 0),
            .readonly = !may_write(rule),
        };
    }
}

void block_devices_free(struct block_devices *list)
{
    free(list->items);
    *list = (struct block_devices){0};
}

/* The kernel's own name of it: a line "DEVNAME=sda" (Linux, drivers/base/core.c, dev_uevent). */
static char *find_name(dev_t number, struct error *error)
{
    static const char key[] = "DEVNAME=";
    cleanup_buffer struct buffer text = {0};
    cleanup_free char *path = xasprintf("/sys/dev/block/%u:%u/uevent", major(number), minor(number));
    if (read_file(AT_FDCWD, path, UEVENT_MAX, &text, error) < 0)
        return NULL;
    char *rest = text.data;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
        if (strncmp(line, key, sizeof key - 1) == 0)
            return xasprintf("/dev/%s", line + sizeof key - 1);
    error_set(error, "%s: names no device", path);
    return NULL;
}

int block_device_open(dev_t number, char **name, struct error *error)
{
    struct stat status;
    *name = find_name(number, error);
    if (*name == NULL)
        return -1;
    cleanup_close int fd = open(*name, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(error, errno, "%s", *name);
    if (!S_ISBLK(status.st_mode) || status.st_rdev != number)
        return error_set(error, "%s is not the block device %u:%u", *name, major(number), minor(number));
    return take_fd(fd);
}
