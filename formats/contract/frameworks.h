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

#include "formats/base/error.h"
#include "formats/kernel/probe.h"

/*
 * HYPERVISOR(enumeration, identifier, name, on amd64, on arm64, never, solo5)
 *
 * `on amd64`, `on arm64`: a kernel must have one of these formats to be loaded; 0: not known. `never`:
 * formats that are certain to fail. `solo5`: the target of the Solo5 kernels that it runs.
 *
 * Sources: Solo5's tenders accept their own target only (elf_abi.h); Firecracker an ELF or an arm64 Image,
 * never a bzImage (docs/rootfs-and-kernel-setup.md); QEMU's x86 -kernel a bzImage, a multiboot 1 kernel or a
 * PVH ELF (system/i386).
 */
#define HYPERVISORS(DRIVEN, KNOWN)                                                                           \
    DRIVEN(QEMU, qemu, "qemu", KERNEL_MULTIBOOT1 | KERNEL_PVH | KERNEL_BZIMAGE,                              \
           KERNEL_ARM64_IMAGE | KERNEL_ELF, 0, SOLO5_TARGET_VIRTIO)                                          \
    KNOWN(FIRECRACKER, firecracker, "firecracker", KERNEL_ELF, KERNEL_ARM64_IMAGE, KERNEL_BZIMAGE,           \
          SOLO5_TARGET_VIRTIO)                                                                               \
    KNOWN(CLOUD_HYPERVISOR, cloud_hypervisor, "cloud-hypervisor", KERNEL_PVH | KERNEL_BZIMAGE,               \
          KERNEL_ARM64_IMAGE, 0, SOLO5_TARGET_VIRTIO)                                                        \
    KNOWN(HVT, hvt, "hvt", KERNEL_SOLO5, KERNEL_SOLO5, 0, SOLO5_TARGET_HVT)                                  \
    KNOWN(SPT, spt, "spt", KERNEL_SOLO5, KERNEL_SOLO5, 0, SOLO5_TARGET_SPT)

/*
 * FRAMEWORK(enumeration, identifier, name, hypervisors that its kernels exist for)
 *
 * The hypervisors are what the framework's own build can produce: MirageOS for Solo5 (hvt, spt, virtio) and
 * for Unikraft's QEMU and Firecracker platforms; Hermit's loader for multiboot and for Firecracker; the rest
 * by their documentation.
 */
#define FRAMEWORKS(BOOTED, KNOWN)                                                                            \
    BOOTED(UNIKRAFT, unikraft, "unikraft", ON_QEMU | ON_FIRECRACKER | ON_CLOUD_HYPERVISOR)                   \
    KNOWN(MIRAGE, mirage, "mirage", ON_QEMU | ON_FIRECRACKER | ON_HVT | ON_SPT)                              \
    KNOWN(RUMPRUN, rumprun, "rumprun", ON_HVT | ON_SPT)                                                      \
    KNOWN(MEWZ, mewz, "mewz", ON_QEMU)                                                                       \
    BOOTED(LINUX, linux, "linux", ON_QEMU | ON_FIRECRACKER | ON_CLOUD_HYPERVISOR)                            \
    KNOWN(OSV, osv, "osv", ON_QEMU | ON_FIRECRACKER | ON_CLOUD_HYPERVISOR)                                   \
    KNOWN(INCLUDEOS, includeos, "includeos", ON_QEMU)                                                        \
    KNOWN(HERMIT, hermit, "hermit", ON_QEMU | ON_FIRECRACKER)                                                \
    KNOWN(NANOS, nanos, "nanos", ON_QEMU | ON_FIRECRACKER)                                                   \
    BOOTED(GENERIC, generic, "generic", ON_ALL)

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
/* -1 for an unknown name. */
int framework_from_name(const char *name);
int hypervisor_from_name(const char *name);

/* An error where the framework's kernels do not exist for the hypervisor; it lists those that they do. */
int framework_check_hypervisor(enum framework framework, enum hypervisor hypervisor, struct error *error);

enum kernel_fit {
    KERNEL_REFUSED = -1, /* the hypervisor is certain to fail */
    KERNEL_LOADS = 0,
    KERNEL_DOUBTFUL = 1, /* it has none of the formats that the hypervisor loads, as far as the file tells */
};

/* Tells whether a hypervisor loads a kernel; `name` is the file's. Sets the error, unless it does. */
enum kernel_fit hypervisor_check_kernel(enum hypervisor hypervisor, const struct kernel_probe *kernel,
                                        const char *name, struct error *error);

#endif
