#include "formats/contract/annotations.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "formats/base/text.h"
#include "formats/contract/blocks.h"
#include "formats/contract/frameworks.h"

static bool has_control_character(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static int check_framework(const char *value, struct error *error)
{
    if (framework_from_name(value) >= 0)
        return 0;
    cleanup_buffer struct buffer names = {0};
    for (int i = 0; i < FRAMEWORK_COUNT; i++)
        buffer_format(&names, "%s%s", i > 0 ? ", " : "", framework_name((enum framework)i));
    return error_set(error, "must be a known framework: %s", names.data);
}

static int check_hypervisor(const char *value, struct error *error)
{
    if (hypervisor_from_name(value) >= 0)
        return 0;
    cleanup_buffer struct buffer names = {0};
    for (int i = 0; i < HYPERVISOR_COUNT; i++)
        buffer_format(&names, "%s%s", i > 0 ? ", " : "", hypervisor_name((enum hypervisor)i));
    return error_set(error, "must be a known hypervisor: %s", names.data);
}

static int check_directory_path(const char *value, struct error *error)
{
    if (value[0] != '/')
        return error_set(error, "must be an absolute path");
    if (strlen(value) > ANNOTATION_MAX_PATH)
        return error_set(error, "must be a path of at most %d bytes", ANNOTATION_MAX_PATH);
    if (has_control_character(value))
        return error_set(error, "must be a path without control characters");
    /* Harmless, for paths are opened beneath the rootfs; but nobody who means well writes it. */
    cleanup_free char *clean = path_clean(value, PATH_DOTS_REFUSE);
    if (clean == NULL)
        return error_set(error, "must be a path without \"..\"");
    return 0;
}

static int check_file_path(const char *value, struct error *error)
{
    if (check_directory_path(value, error) < 0)
        return -1;
    if (value[strspn(value, "/.")] == '\0' || value[strlen(value) - 1] == '/')
        return error_set(error, "must be the path of a file");
    return 0;
}

static int check_line(const char *value, struct error *error)
{
    if (has_control_character(value))
        return error_set(error, "must not hold control characters");
    return 0;
}

/* A guest's command line is the guest's business. It cannot hold a NUL, being a C string; the readers see to
 * that. */
static int check_text(const char *value, struct error *error)
{
    (void)value;
    (void)error;
    return 0;
}

static int check_boolean(const char *value, struct error *error)
{
    if (annotation_boolean(value) < 0)
        return error_set(error, "must be true or false");
    return 0;
}

static int check_device_name(const char *value, struct error *error)
{
    if (!solo5_name_is_valid(value))
        return error_set(error, "must be a device name of 1 to 67 letters and digits");
    return 0;
}

static int check_blocks(const char *value, struct error *error)
{
    cleanup_named_blocks struct named_blocks blocks = {0};
    return named_blocks_parse(value, &blocks, error);
}

static int check_memory(const char *value, struct error *error)
{
    if (annotation_memory(value) == 0)
        return error_set(error, "must be a number of MiB from 1 to %d", ANNOTATION_MAX_MEMORY);
    return 0;
}

static int check_sector_size(const char *value, struct error *error)
{
    if (annotation_sector_size(value) == 0)
        return error_set(error, "must be a power of two from 512 to 32768");
    return 0;
}

const struct annotation annotations[ANNOTATION_COUNT] = {
    [ANNOTATION_TYPE] = {KEY_TYPE, true, true, check_framework},
    [ANNOTATION_HYPERVISOR] = {KEY_HYPERVISOR, true, true, check_hypervisor},
    [ANNOTATION_BINARY] = {KEY_BINARY, true, true, check_file_path},
    [ANNOTATION_CMDLINE] = {KEY_CMDLINE, false, true, check_text},
    [ANNOTATION_VERSION] = {KEY_VERSION, false, true, check_line},
    [ANNOTATION_INITRD] = {KEY_INITRD, false, true, check_file_path},
    [ANNOTATION_BLOCK] = {KEY_BLOCK, false, true, check_file_path},
    [ANNOTATION_BLOCKS] = {KEY_BLOCKS, false, true, check_blocks},
    [ANNOTATION_MOUNT_POINT] = {KEY_MOUNT_POINT, false, true, check_directory_path},
    [ANNOTATION_MOUNT_ROOTFS] = {KEY_MOUNT_ROOTFS, false, true, check_boolean},
    [ANNOTATION_USE_DM_BLOCK] = {KEY_USE_DM_BLOCK, false, false, check_boolean},
    [ANNOTATION_NET_DEVICE] = {KEY_NET_DEVICE, false, true, check_device_name},
    [ANNOTATION_BLOCK_DEVICE] = {KEY_BLOCK_DEVICE, false, true, check_device_name},
    [ANNOTATION_MEMORY] = {KEY_MEMORY, false, true, check_memory},
    [ANNOTATION_SECTOR_SIZE] = {KEY_SECTOR_SIZE, false, true, check_sector_size},
};

void annotation_set_value(struct annotation_set *set, const struct annotation *annotation, const char *value)
{
    char **place = &set->values[annotation - annotations];
    free(*place);
    *place = xstrdup(value);
}

int annotation_set_collect(struct annotation_set *set, const json_t *object, struct error *error)
{
    int count = 0;
    for (size_t i = 0; i < ANNOTATION_COUNT; i++) {
        const struct annotation *annotation = &annotations[i];
        const json_t *value = json_object_get(object, annotation->key);
        if (value == NULL || json_is_null(value))
            continue;
        if (!json_is_string(value))
            return error_set(error, "%s: must be a string", annotation->key);
        if (strlen(json_string_value(value)) != json_string_length(value))
            return error_set(error, "%s: must not hold a NUL character", annotation->key);
        if (json_string_length(value) == 0)
            continue;
        annotation_set_value(set, annotation, json_string_value(value));
        count += annotation->written;
    }
    return count;
}

int annotation_set_check(const struct annotation_set *set, struct error *error)
{
    for (size_t i = 0; i < ANNOTATION_COUNT; i++) {
        const char *value = set->values[i];
        bool absent = value == NULL || *value == '\0';
        if (absent && annotations[i].required)
            return error_set(error, "%s: missing", annotations[i].key);
        if (!absent && annotation_check(&annotations[i], value, error) < 0)
            return -1;
    }
    return 0;
}

void annotation_set_free(struct annotation_set *set)
{
    for (size_t i = 0; i < ANNOTATION_COUNT; i++)
        free(set->values[i]);
    *set = (struct annotation_set){0};
}

const struct annotation *annotation_find(const char *key)
{
    for (size_t i = 0; i < ANNOTATION_COUNT; i++)
        if (strcmp(annotations[i].key, key) == 0)
            return &annotations[i];
    return NULL;
}

bool annotation_is_unknown(const char *key)
{
    return strncmp(key, ANNOTATION_PREFIX, strlen(ANNOTATION_PREFIX)) == 0 && annotation_find(key) == NULL;
}

int annotation_check(const struct annotation *annotation, const char *value, struct error *error)
{
    if (annotation->validate(value, error) == 0)
        return 0;
    cleanup_free char *quoted = text_quote(value);
    return error_prefix(error, "%s: %s", annotation->key, quoted);
}

int annotation_boolean(const char *value)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (strcmp(value, yes[i]) == 0)
            return 1;
        if (strcmp(value, no[i]) == 0)
            return 0;
    }
    return -1;
}

/* A decimal number from 1 on, in so many digits at most; 0 for something else. */
static unsigned long read_number(const char *value, size_t digits)
{
    size_t length = strlen(value);
    if (length == 0 || length > digits || strspn(value, "0123456789") != length || *value == '0')
        return 0;
    return strtoul(value, NULL, 10);
}

unsigned annotation_memory(const char *value)
{
    unsigned long number = read_number(value, 8);
    return number <= ANNOTATION_MAX_MEMORY ? (unsigned)number : 0;
}

unsigned annotation_sector_size(const char *value)
{
    unsigned long number = read_number(value, 5);
    return number >= 512 && number <= 32768 && (number & (number - 1)) == 0 ? (unsigned)number : 0;
}
