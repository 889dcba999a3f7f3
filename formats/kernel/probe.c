#include "formats/kernel/probe.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/kernel/kernel_file.h"

enum {
    HEAD_SIZE = 32768, /* where a multiboot2 header must lie; everything else lies before that */
    MULTIBOOT1_SEARCH = 8192,
};

struct head {
    unsigned char bytes[HEAD_SIZE];
    size_t length;
};

int kernel_file_read(const struct kernel_file *file, uint64_t offset, void *bytes, size_t length)
{
    if (offset > file->size || length > file->size - offset)
        return -1;
    /* Short where the file was cut off meanwhile. */
    return pread_all(file->fd, bytes, length, (off_t)offset) == (ssize_t)length ? 0 : -1;
}

static uint16_t le16(const struct head *head, size_t offset)
{
    return (uint16_t)(head->bytes[offset] | head->bytes[offset + 1] << 8);
}

static uint32_t le32(const struct head *head, size_t offset)
{
    return (uint32_t)le16(head, offset) | (uint32_t)le16(head, offset + 2) << 16;
}

static bool has_multiboot1(const struct head *head)
{
    size_t end = head->length < MULTIBOOT1_SEARCH ? head->length : MULTIBOOT1_SEARCH;
    for (size_t at = 0; at + 12 <= end; at += 4)
        if (le32(head, at) == 0x1badb002 && le32(head, at) + le32(head, at + 4) + le32(head, at + 8) == 0)
            return true;
    return false;
}

static bool has_multiboot2(const struct head *head)
{
    for (size_t at = 0; at + 16 <= head->length; at += 8) {
        uint32_t length = le32(head, at + 8);
        if (le32(head, at) == 0xe85250d6 && length >= 16 && length <= HEAD_SIZE - at &&
            le32(head, at) + le32(head, at + 4) + length + le32(head, at + 12) == 0)
            return true;
    }
    return false;
}

/* Linux, Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". */
static bool probe_bzimage(const struct head *head, struct kernel_probe *probe)
{
    if (head->length < 0x268 || le16(head, 0x1fe) != 0xaa55 || memcmp(head->bytes + 0x202, "HdrS", 4) != 0)
        return false;
    uint16_t version = le16(head, 0x206);
    bool loaded_high = head->bytes[0x211] & 1;
    if (version < 0x200 || !loaded_high) /* a zImage, which no monitor loads any more */
        return false;
    bool has_64_bit_entry = version >= 0x20c && (le16(head, 0x236) & 1);
    probe->formats |= KERNEL_BZIMAGE;
    probe->architecture = has_64_bit_entry ? "amd64" : "386";
    probe->machine = has_64_bit_entry ? "x86-64" : "80386";
    return true;
}

/* Linux, Documentation/arch/arm64/booting.rst, "Call the kernel image". */
static bool probe_arm64_image(const struct head *head, struct kernel_probe *probe)
{
    if (head->length < 64 || memcmp(head->bytes + 0x38, "ARM\x64", 4) != 0)
        return false;
    probe->formats |= KERNEL_ARM64_IMAGE;
    probe->architecture = "arm64";
    probe->machine = "AArch64";
    return true;
}

int kernel_probe(int fd, const char *name, struct kernel_probe *probe, struct error *error)
{
    *probe = (struct kernel_probe){0};
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "%s", name);
    if (!S_ISREG(status.st_mode))
        return error_set(error, "%s: not a regular file", name);
    struct kernel_file file = {fd, (uint64_t)status.st_size, name};
    cleanup_free struct head *head = xcalloc(1, sizeof *head);
    head->length = file.size < HEAD_SIZE ? (size_t)file.size : HEAD_SIZE;
    if (kernel_file_read(&file, 0, head->bytes, head->length) < 0)
        return error_set(error, "%s: cannot be read", name);

    if (has_multiboot1(head))
        probe->formats |= KERNEL_MULTIBOOT1;
    if (has_multiboot2(head))
        probe->formats |= KERNEL_MULTIBOOT2;
    if (head->length >= 4 && memcmp(head->bytes, "\177ELF", 4) == 0)
        return kernel_elf_probe(&file, probe, error);
    if (!probe_bzimage(head, probe) && !probe_arm64_image(head, probe) && probe->formats != 0)
        probe->architecture = "amd64"; /* a multiboot kernel that is not an ELF file */
    return 0;
}

static const struct {
    unsigned format;
    const char *name;
} format_names[] = {
    {KERNEL_ELF, "ELF"},     {KERNEL_MULTIBOOT1, "multiboot"}, {KERNEL_MULTIBOOT2, "multiboot2"},
    {KERNEL_PVH, "PVH"},     {KERNEL_BZIMAGE, "bzImage"},      {KERNEL_ARM64_IMAGE, "arm64 Image"},
    {KERNEL_SOLO5, "Solo5"}, {KERNEL_UNIKRAFT, "Unikraft"},
};

enum { FORMAT_NAMES = sizeof format_names / sizeof *format_names };

char *kernel_formats_text(unsigned formats)
{
    cleanup_buffer struct buffer text = {0};
    for (size_t i = 0; i < FORMAT_NAMES; i++) {
        if (!(formats & format_names[i].format))
            continue;
        bool last = (formats >> 1) < format_names[i].format; /* the names stand in the order of the bits */
        const char *separator = text.length == 0 ? "" : (last ? " or " : ", ");
        buffer_format(&text, "%s%s", separator, format_names[i].name);
    }
    return buffer_take(&text);
}

char *kernel_probe_describe(const struct kernel_probe *probe)
{
    cleanup_buffer struct buffer text = {0};
    for (size_t i = 0; i < FORMAT_NAMES; i++) {
        unsigned format = format_names[i].format;
        if (!(probe->formats & format))
            continue;
        buffer_format(&text, "%s%s", text.length > 0 ? ", " : "", format_names[i].name);
        if (format == KERNEL_ELF)
            buffer_format(&text, " %s", probe->machine != NULL ? probe->machine : "of an unknown machine");
        if (format == KERNEL_SOLO5)
            buffer_format(&text, " %s", solo5_target_name(probe->solo5_target));
    }
    if (text.length == 0)
        buffer_add_string(&text, "no known kernel format");
    return buffer_take(&text);
}
