/* Solo5's notes: which tender a kernel is for, and the devices it declares (Solo5, include/elf_abi.h,
 * mft_abi.h). */
#include <ctype.h>
#include <string.h>

#include "formats/kernel/kernel_file.h"

enum {
    NOTE_MANIFEST = 0x3154464d, /* "MFT1" */
    NOTE_ABI = 0x31494241,      /* "ABI1" */
    ABI_SIZE = 16,              /* target, version, two reserved words */
    /*
     * The manifest, as the compilers of both our architectures lay it out: structures hold 64-bit fields, so
     * it is aligned to 8 within the note, whose header and name take 20 bytes; hence 4 bytes of padding that
     * the descriptor's size counts.
     */
    MANIFEST_PADDING = 4,
    MANIFEST_HEADER = 8, /* version, number of entries */
    MANIFEST_VERSION = 1,
    MANIFEST_MAX_ENTRIES = 64,
    ENTRY_SIZE = 104, /* name[68], type, properties[16], backing[8], attached, padding */
    ENTRY_TYPE = 68,
    ENTRY_ATTACHED = 96,
    TYPE_BLOCK = 1,
    TYPE_NET = 2,
    TYPE_RESERVED_FIRST = 1 << 30,
};

const char *solo5_target_name(enum solo5_target target)
{
    static const char *const names[] = {
        [SOLO5_TARGET_NONE] = "no target", [SOLO5_TARGET_HVT] = "hvt",   [SOLO5_TARGET_SPT] = "spt",
        [SOLO5_TARGET_VIRTIO] = "virtio",  [SOLO5_TARGET_MUEN] = "muen", [SOLO5_TARGET_GENODE] = "genode",
        [SOLO5_TARGET_XEN] = "xen",
    };
    return names[target];
}

static uint32_t le32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static int take_abi(const struct kernel_file *file, const unsigned char *abi, size_t size,
                    struct kernel_probe *probe, struct error *error)
{
    if (size != ABI_SIZE)
        return error_set(error, "%s: broken Solo5 note: ABI of %zu bytes", file->name, size);
    uint32_t target = le32(abi);
    if (target < SOLO5_TARGET_HVT || target > SOLO5_TARGET_XEN)
        return error_set(error, "%s: Solo5 note: unknown target %u", file->name, target);
    if (probe->formats & KERNEL_SOLO5)
        return error_set(error, "%s: broken Solo5 note: two of the ABI", file->name);
    probe->solo5_target = (enum solo5_target)target;
    probe->solo5_abi_version = le32(abi + 4);
    probe->formats |= KERNEL_SOLO5;
    return 0;
}

bool solo5_name_is_valid(const char *name)
{
    size_t length = strnlen(name, SOLO5_NAME_SIZE);
    if (length == 0 || length == SOLO5_NAME_SIZE)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] > 0x7f || !isalnum((unsigned char)name[i]))
            return false;
    return true;
}

static int take_device(const struct kernel_file *file, const unsigned char *entry, struct kernel_probe *probe,
                       struct error *error)
{
    struct solo5_device device = {0};
    memcpy(device.name, entry, SOLO5_NAME_SIZE);
    if (!solo5_name_is_valid(device.name))
        return error_set(error,
                         "%s: broken Solo5 manifest: a device's name is not 1 to 67 letters and digits",
                         file->name);
    uint32_t type = le32(entry + ENTRY_TYPE);
    if (type != TYPE_BLOCK && type != TYPE_NET)
        return error_set(error, "%s: Solo5 manifest: device %s has unknown type %u", file->name, device.name,
                         type);
    if (entry[ENTRY_ATTACHED] != 0)
        return error_set(error, "%s: broken Solo5 manifest: device %s is attached already", file->name,
                         device.name);
    for (unsigned i = 0; i < probe->solo5_device_count; i++)
        if (strcmp(probe->solo5_devices[i].name, device.name) == 0)
            return error_set(error, "%s: broken Solo5 manifest: device %s twice", file->name, device.name);
    device.is_block = type == TYPE_BLOCK;
    probe->solo5_devices[probe->solo5_device_count++] = device;
    return 0;
}

static int take_manifest(const struct kernel_file *file, const unsigned char *manifest, size_t size,
                         struct kernel_probe *probe, struct error *error)
{
    if (probe->has_solo5_manifest)
        return error_set(error, "%s: broken Solo5 note: two manifests", file->name);
    probe->has_solo5_manifest = true;
    if (size < MANIFEST_PADDING + MANIFEST_HEADER)
        return error_set(error, "%s: broken Solo5 manifest: %zu bytes", file->name, size);
    manifest += MANIFEST_PADDING;
    size -= MANIFEST_PADDING;
    uint32_t version = le32(manifest);
    uint32_t entries = le32(manifest + 4);
    if (version != MANIFEST_VERSION)
        return error_set(error, "%s: Solo5 manifest: unknown version %u", file->name, version);
    if (entries < 1 || entries > MANIFEST_MAX_ENTRIES ||
        size != MANIFEST_HEADER + (size_t)entries * ENTRY_SIZE)
        return error_set(error, "%s: broken Solo5 manifest: %u entries in %zu bytes", file->name, entries,
                         size);
    const unsigned char *first = manifest + MANIFEST_HEADER;
    if (le32(first + ENTRY_TYPE) != TYPE_RESERVED_FIRST || first[0] != '\0')
        return error_set(error, "%s: broken Solo5 manifest: the first entry is not the reserved one",
                         file->name);
    for (uint32_t i = 1; i < entries; i++)
        if (take_device(file, first + (size_t)i * ENTRY_SIZE, probe, error) < 0)
            return -1;
    return 0;
}

int kernel_solo5_note(const struct kernel_file *file, uint32_t type, const unsigned char *descriptor,
                      size_t size, struct kernel_probe *probe, struct error *error)
{
    if (type == NOTE_ABI)
        return take_abi(file, descriptor, size, probe, error);
    if (type == NOTE_MANIFEST)
        return take_manifest(file, descriptor, size, probe, error);
    return 0;
}
