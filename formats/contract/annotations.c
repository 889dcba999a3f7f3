/* The contract of annotations: the table, and what each value must be. */
#include "formats/contract/annotations.h"

#include <ctype.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "formats/contract/unikernel.h"

enum { QUOTE_MAX = 64 };

static bool has_control_character(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static bool has_dot_dot(const char *path)
{
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        if (length == 2 && path[0] == '.' && path[1] == '.')
            return true;
        path += length + strspn(path + length, "/");
    }
    return false;
}

static int check_framework(const char *value, struct error *error)
{
    if (framework_find(value) != NULL)
        return 0;
    cleanup_buffer struct buffer names = {0};
    for (const struct framework *framework = frameworks; framework->name != NULL; framework++)
        buffer_format(&names, "%s%s", names.length > 0 ? ", " : "", framework->name);
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
    if (has_dot_dot(value))
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

/* What Solo5's elftool takes as the name of a device in a manifest (mft_abi.h, MFT_NAME_MAX). */
static int check_device_name(const char *value, struct error *error)
{
    size_t length = strlen(value);
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)value[i]) || (unsigned char)value[i] > 0x7f)
            length = 0;
    if (length < 1 || length > 67)
        return error_set(error, "must be a device name of 1 to 67 letters and digits");
    return 0;
}

#define FIELD(name) offsetof(struct unikernel, name)

const struct annotation annotations[] = {
    {"unikernelType", true, true, check_framework, FIELD(type)},
    {"hypervisor", true, true, check_hypervisor, FIELD(hypervisor)},
    {"binary", true, true, check_file_path, FIELD(binary)},
    {"cmdline", false, true, check_text, FIELD(cmdline)},
    {"unikernelVersion", false, true, check_line, FIELD(version)},
    {"initrd", false, true, check_file_path, FIELD(initrd)},
    {"block", false, true, check_file_path, FIELD(block)},
    {"blkMntPoint", false, true, check_directory_path, FIELD(block_mount_point)},
    {"mountRootfs", false, true, check_boolean, FIELD(mount_rootfs)},
    {"useDMBlock", false, false, check_boolean, FIELD(use_dm_block)},
    {"solo5NetDev", false, true, check_device_name, FIELD(solo5_net_device)},
    {"solo5BlkDev", false, true, check_device_name, FIELD(solo5_block_device)},
    {0},
};

static const char *behind_prefix(const char *key)
{
    size_t length = strlen(ANNOTATION_PREFIX);
    return strncmp(key, ANNOTATION_PREFIX, length) == 0 ? key + length : NULL;
}

const struct annotation *annotation_find(const char *key)
{
    const char *name = behind_prefix(key);
    if (name == NULL)
        return NULL;
    for (const struct annotation *annotation = annotations; annotation->key != NULL; annotation++)
        if (strcmp(annotation->key, name) == 0)
            return annotation;
    return NULL;
}

bool annotation_is_unknown(const char *key)
{
    return behind_prefix(key) != NULL && annotation_find(key) == NULL;
}

int annotation_check(const struct annotation *annotation, const char *value, struct error *error)
{
    if (annotation->validate(value, error) == 0)
        return 0;
    cleanup_free char *quoted = annotation_quote(value);
    return error_prefix(error, "%s%s: %s", ANNOTATION_PREFIX, annotation->key, quoted);
}

char *annotation_quote(const char *value)
{
    size_t length = strlen(value);
    if (length <= QUOTE_MAX)
        return xasprintf("\"%s\"", value);
    return xasprintf("\"%.*s...\" (%zu bytes)", (int)text_head(value, QUOTE_MAX), value, length);
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
