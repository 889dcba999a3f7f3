#include "runtime/storage/overlay_layers.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/storage/mount_table.h"

/*
 * Where engines keep layers: STORE/NAME/DIRECTORY, or links to these of short names (STORE/l/NAME).
 * containerd: snapshots/overlay/overlay.go; Docker: daemon/graphdriver/overlay2; Podman: containers-storage,
 * drivers/overlay.
 */
static const struct store {
    const char *store;
    const char *directory;
} stores[] = {
    {"/io.containerd.snapshotter.v1.overlayfs/snapshots/", "fs"},
    {"/overlay2/", "diff"},
    {"/storage/overlay/", "diff"},
};

/* Docker's layer between image and container, made for each container: "NAME-init/diff". */
static bool is_of_container(const char *name, size_t length)
{
    static const char suffix[] = "-init";
    size_t bytes = sizeof suffix - 1;
    return length > bytes && strncmp(name + length - bytes, suffix, bytes) == 0;
}

enum layer_kind { LAYER_UNKNOWN, LAYER_COMMITTED, LAYER_OF_CONTAINER };

static enum layer_kind kind_in(const struct store *store, const char *path)
{
    const char *found = strstr(path, store->store);
    if (found == NULL)
        return LAYER_UNKNOWN;
    const char *name = found + strlen(store->store);
    size_t length = strcspn(name, "/");
    if (length == 0 || name[length] != '/')
        return LAYER_UNKNOWN;
    const char *rest = name + length + 1;
    if (length == 1 && *name == 'l' && *rest != '\0' && strchr(rest, '/') == NULL)
        return LAYER_COMMITTED;
    if (strcmp(rest, store->directory) != 0)
        return LAYER_UNKNOWN;
    return is_of_container(name, length) ? LAYER_OF_CONTAINER : LAYER_COMMITTED;
}

/* A short name tells nothing: what it leads to does. */
static enum layer_kind kind_of(const char *path)
{
    cleanup_free char *real = realpath(path, NULL);
    enum layer_kind kind = LAYER_UNKNOWN;
    for (size_t i = 0; i < sizeof stores / sizeof *stores && kind == LAYER_UNKNOWN; i++)
        kind = kind_in(&stores[i], real != NULL ? real : path);
    return kind;
}

static void add(struct overlay_layers *layers, const char *path, size_t length, bool committed)
{
    layers->items = xreallocarray(layers->items, layers->count + 1, sizeof *layers->items);
    layers->items[layers->count++] =
        (struct overlay_layer){.path = xstrndup(path, length), .committed = committed};
}

static bool add_lower(struct overlay_layers *layers, const char *path, size_t length)
{
    cleanup_free char *copy = xstrndup(path, length);
    enum layer_kind kind = *copy == '/' ? kind_of(copy) : LAYER_UNKNOWN;
    if (kind != LAYER_UNKNOWN)
        add(layers, copy, length, kind == LAYER_COMMITTED);
    return kind != LAYER_UNKNOWN;
}

/* "A:B:C"; an empty one is the mark of data layers ("A::D"). */
static bool add_lowers(struct overlay_layers *layers, const char *list)
{
    for (;;) {
        size_t length = strcspn(list, ":");
        if (!add_lower(layers, list, length))
            return false;
        if (list[length] == '\0')
            return true;
        list += length + 1;
    }
}

/* Undoes the octal escapes of mountinfo in place. False for what is escaped twice: a colon in a name. */
static bool unescape(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        unsigned value = 0;
        if (*in != '\\') {
            *out++ = *in;
            continue;
        }
        for (int digit = 1; digit <= 3; digit++) {
            if (in[digit] < '0' || in[digit] > '7')
                return false;
            value = value * 8 + (unsigned)(in[digit] - '0');
        }
        if (value == 0 || value > 0xff || value == '\\')
            return false;
        *out++ = (char)value;
        in += 3;
    }
    *out = '\0';
    return true;
}

static bool has_key(const char *option, const char *key, const char **value)
{
    size_t length = strlen(key);
    if (strncmp(option, key, length) != 0)
        return false;
    *value = option + length;
    return true;
}

static bool read_option(char *option, struct overlay_layers *lowers, char **upper)
{
    const char *value;
    if (!unescape(option))
        return false;
    if (has_key(option, "lowerdir=", &value))
        return add_lowers(lowers, value);
    if (has_key(option, "lowerdir+=", &value))
        return add_lower(lowers, value, strlen(value));
    if (has_key(option, "datadir+=", &value))
        return false;
    if (has_key(option, "upperdir=", &value)) {
        free(*upper);
        *upper = xstrdup(value);
    }
    return true;
}

bool overlay_layers_parse(const char *options, struct overlay_layers *layers)
{
    cleanup_free char *copy = xstrdup(options), *upper = NULL;
    cleanup_overlay_layers struct overlay_layers lowers = {0};
    char *rest = copy;
    for (char *option = strsep(&rest, ","); option != NULL; option = strsep(&rest, ","))
        if (!read_option(option, &lowers, &upper))
            return false;
    if (lowers.count == 0 || (upper != NULL && *upper != '/'))
        return false;
    *layers = (struct overlay_layers){0};
    if (upper != NULL)
        add(layers, upper, strlen(upper), false);
    for (size_t i = 0; i < lowers.count; i++)
        add(layers, lowers.items[i].path, strlen(lowers.items[i].path), lowers.items[i].committed);
    return true;
}

bool overlay_layers_find(int fd, struct overlay_layers *layers)
{
    cleanup_mount_line struct mount_line mount = {0};
    return mount_table_find(fd, &mount) && strcmp(mount.type, "overlay") == 0 &&
           strcmp(mount.root, "/") == 0 && overlay_layers_parse(mount.options, layers);
}

void overlay_layers_free(struct overlay_layers *layers)
{
    for (size_t i = 0; i < layers->count; i++)
        free(layers->items[i].path);
    free(layers->items);
    *layers = (struct overlay_layers){0};
}
