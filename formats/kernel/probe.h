/* Tells from a file's bytes which kinds of kernel it is: the headers that lie at fixed offsets in probe.c,
 * ELF in elf.c, Solo5's notes in solo5.c. The file is hostile: every offset is checked. */
#ifndef FORMATS_KERNEL_PROBE_H
#define FORMATS_KERNEL_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "formats/base/error.h"

/* Boot protocols a file offers; several bits may be set. */
enum kernel_format {
    KERNEL_ELF = 1 << 0,
    KERNEL_MULTIBOOT1 =
        1 << 1, /* magic 0x1BADB002 in the first 8 KiB, 4-byte aligned, with a valid checksum */
    KERNEL_MULTIBOOT2 =
        1 << 2,              /* magic 0xE85250D6 in the first 32 KiB, 8-byte aligned, with a valid checksum */
    KERNEL_PVH = 1 << 3,     /* ELF note "Xen" type 18 (XEN_ELFNOTE_PHYS32_ENTRY) */
    KERNEL_BZIMAGE = 1 << 4, /* "HdrS" at 0x202 (Linux, x86/boot.rst) */
    KERNEL_ARM64_IMAGE = 1 << 5, /* "ARM\x64" at 0x38 (Linux, arm64/booting.rst) */
    KERNEL_SOLO5 = 1 << 6,       /* Solo5 ABI note */
    KERNEL_UNIKRAFT = 1 << 7,    /* an ELF that carries Unikraft's section or note names */
    KERNEL_ELF32 = 1 << 8,       /* besides KERNEL_ELF: of 32 bits; it has no name of its own in messages */
};

enum solo5_target {
    SOLO5_TARGET_NONE = 0,
    SOLO5_TARGET_HVT = 1,
    SOLO5_TARGET_SPT = 2,
    SOLO5_TARGET_VIRTIO = 3,
    SOLO5_TARGET_MUEN = 4,
    SOLO5_TARGET_GENODE = 5,
    SOLO5_TARGET_XEN = 6,
};

enum {
    SOLO5_MAX_DEVICES = 63,
    SOLO5_NAME_SIZE = 68,
    /* Bytes, without the NUL (Solo5, hvt_abi.h, spt_abi.h; virtio/platform.c cuts off what is longer). */
    SOLO5_COMMAND_LINE_MAX = 8191,
};

struct solo5_device {
    char name[SOLO5_NAME_SIZE]; /* 1 to 67 alphanumerics, NUL-terminated */
    bool is_block;              /* else a network device */
};

struct kernel_probe {
    unsigned formats; /* enum kernel_format bits; 0: nothing known */
    /* "amd64", "arm64", ... (GOARCH, static), or NULL where the file does not tell. Multiboot and PVH enter
     * every x86 kernel in 32-bit mode, so 64-bit ones are often wrapped as 32-bit ELF files: those count as
     * "amd64", the machine that they run on. */
    const char *architecture;
    const char *machine; /* for messages: "x86-64" (static), or NULL */
    enum solo5_target solo5_target;
    uint32_t solo5_abi_version; /* of that target's ABI */
    bool has_solo5_manifest;
    struct solo5_device solo5_devices[SOLO5_MAX_DEVICES]; /* the manifest's entries from its second on */
    unsigned solo5_device_count;
};

/* Probes an opened regular file (its position does not change). A file of no known format is not an error
 * (formats 0); a file that claims to be an ELF or a Solo5 kernel and is broken is. `name` stands in errors.
 */
int kernel_probe(int fd, const char *name, struct kernel_probe *probe, struct error *error);

/* True for 1 to 67 letters and digits: the names that Solo5's elftool takes for a device (mft_abi.h,
 * MFT_NAME_MAX). */
bool solo5_name_is_valid(const char *name);

/* "hvt"; static. */
const char *solo5_target_name(enum solo5_target target);

/* "multiboot, PVH or bzImage" of a set of formats; owned by the caller. */
char *kernel_formats_text(unsigned formats);

/* "ELF x86-64, multiboot" for messages; owned by the caller. */
char *kernel_probe_describe(const struct kernel_probe *probe);

#endif
