/* struct unikernel: reading a set of annotations, checking it, writing it. */
#include "formats/contract/unikernel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/contract/annotations.h"
#include "formats/stream/base64.h"

#define ON(hypervisor) (1u << HYPERVISOR_##hypervisor)

/* What each framework's own build can produce: MirageOS for Solo5 (hvt, spt, virtio) and for Unikraft's QEMU
 * and Firecracker platforms; Hermit's loader for multiboot and for Firecracker; the rest by their
 * documentation. */
const struct framework frameworks[] = {
    {"unikraft", ON(QEMU) | ON(FIRECRACKER) | ON(CLOUD_HYPERVISOR), false},
    {"mirage", ON(QEMU) | ON(FIRECRACKER) | ON(HVT) | ON(SPT), true},
    {"rumprun", ON(HVT) | ON(SPT), true},
    {"mewz", ON(QEMU), false},
    {"linux", ON(QEMU) | ON(FIRECRACKER) | ON(CLOUD_HYPERVISOR), false},
    {"osv", ON(QEMU) | ON(FIRECRACKER) | ON(CLOUD_HYPERVISOR), false},
    {"includeos", ON(QEMU), false},
    {"hermit", ON(QEMU) | ON(FIRECRACKER), false},
    {"nanos", ON(QEMU) | ON(FIRECRACKER), false},
    {"generic", (1u << HYPERVISOR_COUNT) - 1, false},
    {0},
};

static const char *const hypervisor_names[HYPERVISOR_COUNT] = {
    [HYPERVISOR_QEMU] = "qemu",
    [HYPERVISOR_FIRECRACKER] = "firecracker",
    [HYPERVISOR_CLOUD_HYPERVISOR] = "cloud-hypervisor",
    [HYPERVISOR_HVT] = "hvt",
    [HYPERVISOR_SPT] = "spt",
};

const struct framework *framework_find(const char *name)
{
    for (const struct framework *framework = frameworks; framework->name != NULL; framework++)
        if (strcmp(framework->name, name) == 0)
            return framework;
    return NULL;
}

const char *hypervisor_name(enum hypervisor hypervisor)
{
    return hypervisor_names[hypervisor];
}

int hypervisor_from_name(const char *name)
{
    for (int i = 0; i < HYPERVISOR_COUNT; i++)
        if (strcmp(hypervisor_names[i], name) == 0)
            return i;
    return -1;
}

static char **field_of(const struct unikernel *unikernel, const struct annotation *annotation)
{
    return (char **)((char *)unikernel + annotation->field);
}

static char *full_key(const struct annotation *annotation)
{
    return xasprintf("%s%s", ANNOTATION_PREFIX, annotation->key);
}

static int check_pair(const struct unikernel *unikernel, struct error *error)
{
    assert(unikernel->type != NULL && unikernel->hypervisor != NULL); /* the table requires both */
    const struct framework *framework = framework_find(unikernel->type);
    int hypervisor = hypervisor_from_name(unikernel->hypervisor);
    if (framework->hypervisors & (1u << hypervisor))
        return 0;
    cleanup_buffer struct buffer names = {0};
    for (int i = 0; i < HYPERVISOR_COUNT; i++)
        if (framework->hypervisors & (1u << i))
            buffer_format(&names, "%s%s", names.length > 0 ? ", " : "", hypervisor_names[i]);
    return error_set(error, "%s does not run on %s; it runs on: %s", framework->name, unikernel->hypervisor,
                     names.data);
}

int unikernel_validate(const struct unikernel *unikernel, struct error *error)
{
    for (const struct annotation *annotation = annotations; annotation->key != NULL; annotation++) {
        const char *value = *field_of(unikernel, annotation);
        if (value == NULL || *value == '\0') {
            if (annotation->required)
                return error_set(error, "%s%s: missing", ANNOTATION_PREFIX, annotation->key);
            continue;
        }
        if (annotation_check(annotation, value, error) < 0)
            return -1;
    }
    return check_pair(unikernel, error);
}

/* How many values of the contract there are, empty ones not counted; -1 where one is no text. The older name
 * useDMBlock makes no unikernel by itself: Go's urunc adds it to every container's annotations. */
static int collect(const json_t *object, struct unikernel *plain, struct error *error)
{
    int count = 0;
    for (const struct annotation *annotation = annotations; annotation->key != NULL; annotation++) {
        cleanup_free char *key = full_key(annotation);
        const json_t *value = json_object_get(object, key);
        if (value == NULL || json_is_null(value))
            continue;
        if (!json_is_string(value))
            return error_set(error, "%s: must be a string", key);
        if (strlen(json_string_value(value)) != json_string_length(value))
            return error_set(error, "%s: must not hold a NUL character", key);
        if (json_string_length(value) == 0)
            continue;
        *field_of(plain, annotation) = xstrdup(json_string_value(value));
        count += annotation->written;
    }
    return count;
}

/* Text only: no NUL inside, and UTF-8 as JSON would have it. */
static char *decode_text(const char *value)
{
    size_t length = 0;
    cleanup_free char *text = base64_decode(value, &length);
    if (text == NULL || strlen(text) != length)
        return NULL;
    cleanup_json json_t *utf8 = json_stringn(text, length);
    return utf8 != NULL ? take_pointer(text) : NULL;
}

static bool decode(const struct unikernel *plain, struct unikernel *decoded)
{
    for (const struct annotation *annotation = annotations; annotation->key != NULL; annotation++) {
        const char *value = *field_of(plain, annotation);
        if (value == NULL)
            continue;
        char *text = decode_text(value);
        if (text == NULL)
            return false;
        *field_of(decoded, annotation) = text;
    }
    return true;
}

enum unikernel_found unikernel_from_json(const json_t *object, const char *where, struct unikernel *unikernel,
                                         struct error *error)
{
    *unikernel = (struct unikernel){0};
    if (object == NULL)
        return UNIKERNEL_ABSENT;
    if (!json_is_object(object))
        return error_set(error, "%s: must be a JSON object", where), UNIKERNEL_FAILED;
    cleanup_unikernel struct unikernel plain = {0};
    int count = collect(object, &plain, error);
    if (count < 0)
        return error_prefix(error, "%s", where), UNIKERNEL_FAILED;
    if (count == 0)
        return UNIKERNEL_ABSENT;
    if (unikernel_validate(&plain, error) == 0) {
        *unikernel = take(plain, (struct unikernel){0});
        return UNIKERNEL_FOUND;
    }
    cleanup_error struct error ignored = {0};
    cleanup_unikernel struct unikernel decoded = {0};
    if (decode(&plain, &decoded) && unikernel_validate(&decoded, &ignored) == 0) {
        error_clear(error);
        *unikernel = take(decoded, (struct unikernel){0});
        return UNIKERNEL_FOUND;
    }
    return error_prefix(error, "%s", where), UNIKERNEL_FAILED;
}

json_t *unikernel_to_json(const struct unikernel *unikernel)
{
    json_t *object = json_object();
    for (const struct annotation *annotation = annotations; annotation->key != NULL; annotation++) {
        const char *value = *field_of(unikernel, annotation);
        if (!annotation->written || value == NULL || *value == '\0')
            continue;
        cleanup_free char *key = full_key(annotation);
        json_object_set_new(object, key, json_string(value));
    }
    return object;
}

static bool is_true(const char *value)
{
    return value != NULL && annotation_boolean(value) == 1;
}

bool unikernel_mounts_rootfs(const struct unikernel *unikernel)
{
    /* The newer name decides where both are given. */
    if (unikernel->mount_rootfs != NULL && *unikernel->mount_rootfs != '\0')
        return is_true(unikernel->mount_rootfs);
    return is_true(unikernel->use_dm_block);
}

void unikernel_free(struct unikernel *unikernel)
{
    for (const struct annotation *annotation = annotations; annotation->key != NULL; annotation++)
        free(*field_of(unikernel, annotation));
    *unikernel = (struct unikernel){0};
}
