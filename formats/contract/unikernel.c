#include "formats/contract/unikernel.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "formats/contract/pairs.h"
#include "formats/stream/base64.h"

/* Text only: no NUL inside, and UTF-8 as JSON would have it. */
static char *decode_text(const char *value)
{
    size_t length = 0;
    cleanup_free char *text = base64_decode(value, &length);
    if (text == NULL || strlen(text) != length)
        return NULL;
    return text_is_utf8(text) ? take_pointer(text) : NULL;
}

static bool decode(const struct annotation_set *plain, struct annotation_set *decoded)
{
    for (size_t i = 0; i < ANNOTATION_COUNT; i++)
        if (plain->values[i] != NULL && (decoded->values[i] = decode_text(plain->values[i])) == NULL)
            return false;
    return true;
}

static char *copy_value(const struct annotation_set *set, enum annotation_row row)
{
    const char *value = set->values[row];
    return value != NULL && *value != '\0' ? xstrdup(value) : NULL;
}

/* The newer name decides where both are given. */
static void read_mount_rootfs(const struct annotation_set *set, struct unikernel *unikernel)
{
    cleanup_free char *value = copy_value(set, ANNOTATION_MOUNT_ROOTFS);
    unikernel->older_tools = value == NULL && unikernel->cmdline != NULL;
    if (value == NULL)
        value = copy_value(set, ANNOTATION_USE_DM_BLOCK);
    unikernel->mount_rootfs = value != NULL && annotation_boolean(value) == 1;
}

int unikernel_from_set(const struct annotation_set *set, struct unikernel *unikernel, struct error *error)
{
    *unikernel = (struct unikernel){0};
    if (annotation_set_check(set, error) < 0)
        return -1;
    *unikernel = (struct unikernel){
        .framework = (enum framework)framework_from_name(set->values[ANNOTATION_TYPE]),
        .hypervisor = (enum hypervisor)hypervisor_from_name(set->values[ANNOTATION_HYPERVISOR]),
        .binary = copy_value(set, ANNOTATION_BINARY),
        .cmdline = copy_value(set, ANNOTATION_CMDLINE),
        .version = copy_value(set, ANNOTATION_VERSION),
        .initrd = copy_value(set, ANNOTATION_INITRD),
        .block = copy_value(set, ANNOTATION_BLOCK),
        .blocks = copy_value(set, ANNOTATION_BLOCKS),
        .block_mount_point = copy_value(set, ANNOTATION_MOUNT_POINT),
        .solo5_net_device = copy_value(set, ANNOTATION_NET_DEVICE),
        .solo5_block_device = copy_value(set, ANNOTATION_BLOCK_DEVICE),
    };
    read_mount_rootfs(set, unikernel);
    cleanup_free char *memory = copy_value(set, ANNOTATION_MEMORY);
    unikernel->memory = memory != NULL ? annotation_memory(memory) : 0;
    cleanup_free char *sector_size = copy_value(set, ANNOTATION_SECTOR_SIZE);
    unikernel->sector_size = sector_size != NULL ? annotation_sector_size(sector_size) : 0;
    return 0;
}

/* Plain where it is valid as such, else decoded; the error is the plain reading's. */
static int read_set(const struct annotation_set *plain, struct unikernel *unikernel, struct error *error)
{
    if (unikernel_from_set(plain, unikernel, error) == 0)
        return 0;
    cleanup_error struct error ignored = {0};
    cleanup_annotation_set struct annotation_set decoded = {0};
    if (!decode(plain, &decoded) || unikernel_from_set(&decoded, unikernel, &ignored) < 0)
        return -1;
    error_clear(error);
    return 0;
}

enum unikernel_found unikernel_from_json(const json_t *object, const char *where, struct unikernel *unikernel,
                                         struct error *error)
{
    *unikernel = (struct unikernel){0};
    if (object == NULL)
        return UNIKERNEL_ABSENT;
    if (!json_is_object(object))
        return error_set(error, "%s: must be a JSON object", where), UNIKERNEL_FAILED;
    cleanup_annotation_set struct annotation_set set = {0};
    cleanup_unikernel struct unikernel read = {0};
    int count = annotation_set_collect(&set, object, error);
    if (count < 0)
        return error_prefix(error, "%s", where), UNIKERNEL_FAILED;
    if (count == 0)
        return UNIKERNEL_ABSENT;
    if (read_set(&set, &read, error) < 0 ||
        pair_check((struct pair){read.framework, read.hypervisor}, error) < 0)
        return error_prefix(error, "%s", where), UNIKERNEL_FAILED;
    *unikernel = take(read, (struct unikernel){0});
    return UNIKERNEL_FOUND;
}

const char *unikernel_check_storage(const struct unikernel *unikernel, struct error *error)
{
    const struct pair pair = {unikernel->framework, unikernel->hypervisor};
    bool rootfs = unikernel->mount_rootfs && pair_rootfs(pair) == 0;
    bool shares = (framework_storage(pair.framework) & STORAGE_9P) != 0;
    const bool wanted[STORAGE_COUNT] = {
        [STORAGE_ROW_INITRD] = unikernel->initrd != NULL,
        [STORAGE_ROW_BLOCK] = unikernel->block != NULL || unikernel->blocks != NULL,
        [STORAGE_ROW_9P] = rootfs && shares,
        [STORAGE_ROW_ROOTFS_DISK] = rootfs && !shares,
    };
    for (int row = 0; row < STORAGE_COUNT; row++)
        if (wanted[row] && pair_check_storage(pair, (enum storage_row)row, error) < 0)
            return storage_key((enum storage_row)row);
    return NULL;
}

void unikernel_forgo_rootfs(struct unikernel *unikernel)
{
    unsigned way = pair_rootfs((struct pair){unikernel->framework, unikernel->hypervisor});
    bool has_other = unikernel->initrd != NULL || unikernel->block != NULL || unikernel->blocks != NULL;
    if (way == 0 || (way == STORAGE_ROOTFS_DISK && has_other))
        unikernel->mount_rootfs = false;
}

json_t *unikernel_to_json(const struct unikernel *unikernel)
{
    cleanup_free char *memory = xasprintf("%u", unikernel->memory);
    cleanup_free char *sector_size = xasprintf("%u", unikernel->sector_size);
    const char *const values[ANNOTATION_COUNT] = {
        [ANNOTATION_TYPE] = framework_name(unikernel->framework),
        [ANNOTATION_HYPERVISOR] = hypervisor_name(unikernel->hypervisor),
        [ANNOTATION_BINARY] = unikernel->binary,
        [ANNOTATION_CMDLINE] = unikernel->cmdline,
        [ANNOTATION_VERSION] = unikernel->version,
        [ANNOTATION_INITRD] = unikernel->initrd,
        [ANNOTATION_BLOCK] = unikernel->block,
        [ANNOTATION_BLOCKS] = unikernel->blocks,
        [ANNOTATION_MOUNT_POINT] = unikernel->block_mount_point,
        [ANNOTATION_MOUNT_ROOTFS] =
            unikernel->mount_rootfs ? "true" : (unikernel->older_tools ? NULL : "false"),
        [ANNOTATION_NET_DEVICE] = unikernel->solo5_net_device,
        [ANNOTATION_BLOCK_DEVICE] = unikernel->solo5_block_device,
        [ANNOTATION_MEMORY] = unikernel->memory != 0 ? memory : NULL,
        [ANNOTATION_SECTOR_SIZE] = unikernel->sector_size != 0 ? sector_size : NULL,
    };
    json_t *object = json_object();
    for (size_t i = 0; i < ANNOTATION_COUNT; i++)
        if (values[i] != NULL)
            json_object_set_new(object, annotations[i].key, json_string(values[i]));
    return object;
}

void unikernel_free(struct unikernel *unikernel)
{
    char *const texts[] = {unikernel->binary,
                           unikernel->cmdline,
                           unikernel->version,
                           unikernel->initrd,
                           unikernel->block,
                           unikernel->blocks,
                           unikernel->block_mount_point,
                           unikernel->solo5_net_device,
                           unikernel->solo5_block_device};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    *unikernel = (struct unikernel){0};
}
