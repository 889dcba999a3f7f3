/*
 * The frameworks and the hypervisors of the contract, each a line of one list.
 *
 * Names, enumerations and tables of both programs are made from these two lists, the runtime's tables of
 * drivers among them: a line that says BOOTED or DRIVEN must have its driver in runtime/guests or
 * runtime/monitors, or urunc does not link; a line that says KNOWN is taken by the builder and refused by the
 * runtime, by name.
 */
#ifndef FORMATS_CONTRACT_FRAMEWORKS_H
#define FORMATS_CONTRACT_FRAMEWORKS_H

#include <stdbool.h>

#include "formats/base/error.h"
#include "formats/kernel/probe.h"

/*
 * STORAGE(enumeration, name, annotation, in words)
 *
 * Ways to hand a guest its files: what a framework can consume against what a hypervisor can offer.
 * `annotation`: the key that asks for it. A rootfs goes by 9p where it does not go as a disk; directories of
 * the bundle's mounts go by 9p.
 */
#define STORAGES(X)                                                                                          \
    X(INITRD, "initrd", KEY_INITRD, "an initrd")                                                             \
    X(BLOCK, "block", KEY_BLOCK, "a block image")                                                            \
    X(9P, "9p", KEY_MOUNT_ROOTFS, "the container's rootfs itself (9p)")                                      \
    X(ROOTFS_DISK, "rootfs-disk", KEY_MOUNT_ROOTFS, "the container's rootfs itself (as a disk)")

#define STORAGE_ROW(enumeration, ...) STORAGE_ROW_##enumeration,
enum storage_row { STORAGES(STORAGE_ROW) STORAGE_COUNT };
#undef STORAGE_ROW

#define STORAGE_BIT(enumeration, ...) STORAGE_##enumeration = 1 << STORAGE_ROW_##enumeration,
enum storage_kind { STORAGES(STORAGE_BIT) };
#undef STORAGE_BIT

/* ARCHITECTURE(enumeration, name): names are Go's, as in an image's platform. */
#define ARCHITECTURES(X)                                                                                     \
    X(AMD64, "amd64")                                                                                        \
    X(ARM64, "arm64")

#define ARCHITECTURE_ROW(enumeration, ...) ARCHITECTURE_ROW_##enumeration,
enum architecture_row { ARCHITECTURES(ARCHITECTURE_ROW) ARCHITECTURE_COUNT };
#undef ARCHITECTURE_ROW

#define ARCHITECTURE_BIT(enumeration, ...) ARCHITECTURE_##enumeration = 1 << ARCHITECTURE_ROW_##enumeration,
enum architecture { ARCHITECTURES(ARCHITECTURE_BIT) };
#undef ARCHITECTURE_BIT

/*
 * HYPERVISOR(enumeration, identifier, name, on amd64, on arm64, never, solo5, storage, architectures)
 *
 * `on amd64`, `on arm64`: a kernel must have one of these formats to be loaded; 0: not known. `never`:
 * formats that are certain to fail. `solo5`: the target of the Solo5 kernels that it runs. `storage`: what it
 * offers. `architectures`: of the hosts that it exists for.
 *
 * Sources: Solo5's tenders accept their own target only (elf_abi.h); Firecracker an ELF of 64 bits (by
 * PVH since 1.12 where it has the note, else as Linux is entered) or an arm64 Image, and up to 1.16 no
 * bzImage (CHANGELOG.md); Cloud Hypervisor an ELF of 64 bits with a PVH note or, since 39, a bzImage, or an
 * arm64 Image (release-notes.md); both by linux-loader, which reads no ELF of 32 bits; QEMU's x86 -kernel a
 * bzImage, a multiboot 1 kernel or a PVH ELF (system/i386). Solo5's virtio kernels are entered by multiboot
 * alone (bindings/virtio/boot.S).
 */
#define HYPERVISORS(DRIVEN, KNOWN)                                                                           \
    DRIVEN(QEMU, qemu, "qemu", KERNEL_MULTIBOOT1 | KERNEL_PVH | KERNEL_BZIMAGE,                              \
           KERNEL_ARM64_IMAGE | KERNEL_ELF, 0, SOLO5_TARGET_VIRTIO,                                          \
           STORAGE_INITRD | STORAGE_BLOCK | STORAGE_9P | STORAGE_ROOTFS_DISK,                                \
           ARCHITECTURE_AMD64 | ARCHITECTURE_ARM64)                                                          \
    DRIVEN(FIRECRACKER, firecracker, "firecracker", KERNEL_ELF, KERNEL_ARM64_IMAGE,                          \
           KERNEL_BZIMAGE | KERNEL_ELF32, SOLO5_TARGET_NONE,                                                 \
           STORAGE_INITRD | STORAGE_BLOCK | STORAGE_ROOTFS_DISK, ARCHITECTURE_AMD64 | ARCHITECTURE_ARM64)    \
    DRIVEN(CLOUD_HYPERVISOR, cloud_hypervisor, "cloud-hypervisor", KERNEL_PVH | KERNEL_BZIMAGE,              \
           KERNEL_ARM64_IMAGE, KERNEL_ELF32, SOLO5_TARGET_NONE,                                              \
           STORAGE_INITRD | STORAGE_BLOCK | STORAGE_ROOTFS_DISK, ARCHITECTURE_AMD64 | ARCHITECTURE_ARM64)    \
    DRIVEN(HVT, hvt, "hvt", KERNEL_SOLO5, KERNEL_SOLO5, 0, SOLO5_TARGET_HVT, STORAGE_BLOCK,                  \
           ARCHITECTURE_AMD64 | ARCHITECTURE_ARM64)                                                          \
    DRIVEN(SPT, spt, "spt", KERNEL_SOLO5, KERNEL_SOLO5, 0, SOLO5_TARGET_SPT, STORAGE_BLOCK,                  \
           ARCHITECTURE_AMD64 | ARCHITECTURE_ARM64)

/*
 * FRAMEWORK(enumeration, identifier, name, hypervisors, storage, network, architectures)
 *
 * `storage`: what its guests can consume. `network`: true if they can have one. `architectures`: that its
 * kernels exist for. The hypervisors are what the framework's own build can produce: MirageOS for Solo5 (hvt,
 * spt, virtio) and for Unikraft's QEMU and Firecracker platforms; Hermit's loader for multiboot and for
 * Firecracker; the rest by their documentation. Hyperlight's monitor is a library, and no program that could
 * be handed a kernel (docs/frameworks/generic.md).
 */
#define FRAMEWORKS(BOOTED, KNOWN)                                                                            \
    BOOTED(UNIKRAFT, unikraft, "unikraft", ON_QEMU | ON_FIRECRACKER | ON_CLOUD_HYPERVISOR,                   \
           STORAGE_INITRD | STORAGE_BLOCK | STORAGE_9P, true, ARCHITECTURE_AMD64 | ARCHITECTURE_ARM64)       \
    BOOTED(MIRAGE, mirage, "mirage", ON_QEMU | ON_FIRECRACKER | ON_HVT | ON_SPT, STORAGE_BLOCK, true,        \
           ARCHITECTURE_AMD64 | ARCHITECTURE_ARM64)                                                          \
    BOOTED(RUMPRUN, rumprun, "rumprun", ON_HVT | ON_SPT, STORAGE_BLOCK, true, ARCHITECTURE_AMD64)            \
    BOOTED(MEWZ, mewz, "mewz", ON_QEMU, 0, true, ARCHITECTURE_AMD64)                                         \
    BOOTED(LINUX, linux, "linux", ON_QEMU | ON_FIRECRACKER | ON_CLOUD_HYPERVISOR,                            \
           STORAGE_INITRD | STORAGE_BLOCK | STORAGE_9P | STORAGE_ROOTFS_DISK, true,                          \
           ARCHITECTURE_AMD64 | ARCHITECTURE_ARM64)                                                          \
    BOOTED(OSV, osv, "osv", ON_QEMU | ON_FIRECRACKER | ON_CLOUD_HYPERVISOR, STORAGE_BLOCK, true,             \
           ARCHITECTURE_AMD64 | ARCHITECTURE_ARM64)                                                          \
    BOOTED(INCLUDEOS, includeos, "includeos", ON_QEMU, STORAGE_INITRD | STORAGE_BLOCK, true,                 \
           ARCHITECTURE_AMD64)                                                                               \
    BOOTED(HERMIT, hermit, "hermit", ON_QEMU | ON_FIRECRACKER, STORAGE_INITRD, true,                         \
           ARCHITECTURE_AMD64 | ARCHITECTURE_ARM64)                                                          \
    BOOTED(NANOS, nanos, "nanos", ON_QEMU | ON_FIRECRACKER, STORAGE_BLOCK, true,                             \
           ARCHITECTURE_AMD64 | ARCHITECTURE_ARM64)                                                          \
    KNOWN(HYPERLIGHT, hyperlight, "hyperlight", 0, 0, false, ARCHITECTURE_AMD64)                             \
    BOOTED(GENERIC, generic, "generic", ON_ALL, STORAGE_INITRD | STORAGE_BLOCK, true,                        \
           ARCHITECTURE_AMD64 | ARCHITECTURE_ARM64)

/* Frameworks whose initrd is the application, an ELF file, and no archive (Hermit's loader, IncludeOS's chain
 * loader); and those that take either. */
#define FRAMEWORKS_INITRD_PROGRAM (1 << FRAMEWORK_HERMIT | 1 << FRAMEWORK_INCLUDEOS)
#define FRAMEWORKS_INITRD_ANY     (1 << FRAMEWORK_GENERIC)

/* Frameworks whose disks are what their own tools make of them; the others mount ext2. */
#define FRAMEWORKS_DISK_ANY                                                                                  \
    (1 << FRAMEWORK_NANOS | 1 << FRAMEWORK_OSV | 1 << FRAMEWORK_INCLUDEOS | 1 << FRAMEWORK_MIRAGE |          \
     1 << FRAMEWORK_GENERIC)

#define HYPERVISOR_ENUM(enumeration, ...) HYPERVISOR_##enumeration,
enum hypervisor { HYPERVISORS(HYPERVISOR_ENUM, HYPERVISOR_ENUM) HYPERVISOR_COUNT };
#undef HYPERVISOR_ENUM

/* Sets of hypervisors. */
#define HYPERVISOR_BIT(enumeration, ...) ON_##enumeration = 1 << HYPERVISOR_##enumeration,
enum { HYPERVISORS(HYPERVISOR_BIT, HYPERVISOR_BIT) ON_ALL = (1 << HYPERVISOR_COUNT) - 1 };
#undef HYPERVISOR_BIT

#define FRAMEWORK_ENUM(enumeration, ...) FRAMEWORK_##enumeration,
enum framework { FRAMEWORKS(FRAMEWORK_ENUM, FRAMEWORK_ENUM) FRAMEWORK_COUNT };
#undef FRAMEWORK_ENUM

const char *framework_name(enum framework framework);
const char *hypervisor_name(enum hypervisor hypervisor);

/* enum storage_kind: what guests of the framework can consume, what the hypervisor can offer. */
unsigned framework_storage(enum framework framework);
unsigned hypervisor_storage(enum hypervisor hypervisor);
bool framework_has_network(enum framework framework);
/* An error where an ELF file, or anything else, is not what the framework takes as its initrd. */
int framework_check_initrd(enum framework framework, bool is_elf, struct error *error);
/* True where this version of urunc has the driver. */
bool framework_is_booted(enum framework framework);
bool hypervisor_is_driven(enum hypervisor hypervisor);
/* Set of hypervisors (ON_QEMU) that kernels of the framework exist for. */
unsigned framework_hypervisors(enum framework framework);
/* enum architecture. */
unsigned framework_architectures(enum framework framework);
unsigned hypervisor_architectures(enum hypervisor hypervisor);
/* -1 for an unknown name. */
int framework_from_name(const char *name);
int hypervisor_from_name(const char *name);

enum kernel_fit {
    KERNEL_REFUSED = -1, /* the hypervisor is certain to fail */
    KERNEL_LOADS = 0,
    KERNEL_DOUBTFUL = 1, /* it has none of the formats that the hypervisor loads, as far as the file tells */
};

/* Tells whether a hypervisor loads a kernel; `name` is the file's. Sets the error, unless it does. */
enum kernel_fit hypervisor_check_kernel(enum hypervisor hypervisor, const struct kernel_probe *kernel,
                                        const char *name, struct error *error);

#endif
