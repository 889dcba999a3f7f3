#include "formats/contract/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "formats/contract/annotations.h"

static int check_new(const struct named_blocks *blocks, const char *name, struct error *error)
{
    if (!solo5_name_is_valid(name))
        return error_set(error, "must be NAME=PATH,..., with names of 1 to %d letters and digits",
                         SOLO5_NAME_SIZE - 1);
    for (size_t i = 0; i < blocks->count; i++)
        if (strcmp(blocks->items[i].name, name) == 0)
            return error_set(error, "must not name %s twice", name);
    if (blocks->count == SOLO5_MAX_DEVICES)
        return error_set(error, "must not name more than %d disks", SOLO5_MAX_DEVICES);
    return 0;
}

static int add(struct named_blocks *blocks, const char *entry, size_t length, struct error *error)
{
    const char *equals = memchr(entry, '=', length);
    size_t name_length = equals != NULL ? (size_t)(equals - entry) : 0;
    cleanup_free char *name = xstrndup(entry, name_length);
    if (check_new(blocks, name, error) < 0)
        return -1;
    cleanup_free char *path = xstrndup(equals + 1, length - name_length - 1);
    if (annotations[ANNOTATION_BLOCK].validate(path, error) < 0)
        return error_prefix(error, "the path of %s", name);
    blocks->items = xreallocarray(blocks->items, blocks->count + 1, sizeof *blocks->items);
    blocks->items[blocks->count++] = (struct named_block){take_pointer(name), take_pointer(path)};
    return 0;
}

int named_blocks_parse(const char *text, struct named_blocks *blocks, struct error *error)
{
    *blocks = (struct named_blocks){0};
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, ",");
        bool dangling = text[length] == ',' && text[length + 1] == '\0';
        if (dangling || add(blocks, text, length, error) < 0) {
            named_blocks_free(blocks);
            return dangling ? error_set(error, "must not end with a comma") : -1;
        }
        text += length + (text[length] == ',');
    }
    return 0;
}

static bool declares(const struct kernel_probe *kernel, const char *name)
{
    for (unsigned i = 0; i < kernel->solo5_device_count; i++)
        if (kernel->solo5_devices[i].is_block && strcmp(kernel->solo5_devices[i].name, name) == 0)
            return true;
    return false;
}

int named_blocks_check(const char *text, const struct kernel_probe *kernel, struct error *error)
{
    cleanup_named_blocks struct named_blocks blocks = {0};
    if (named_blocks_parse(text, &blocks, error) < 0)
        return -1;
    if (blocks.count > 0 && !(kernel->formats & KERNEL_SOLO5))
        return error_set(error, "only kernels of Solo5 know their disks by name");
    for (size_t i = 0; i < blocks.count; i++)
        if (!declares(kernel, blocks.items[i].name))
            return error_set(error, "%s: the kernel's manifest declares no block device of that name",
                             blocks.items[i].name);
    return 0;
}

void named_blocks_free(struct named_blocks *blocks)
{
    for (size_t i = 0; i < blocks->count; i++) {
        free(blocks->items[i].name);
        free(blocks->items[i].path);
    }
    free(blocks->items);
    *blocks = (struct named_blocks){0};
}
