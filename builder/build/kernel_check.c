/* Whether a kernel is what the framework and the hypervisor of an image can do something with. */
#include "builder/build/kernel_check.h"

#include <string.h>

#include "builder/spec/place.h"
#include "builder/stage/facts.h"
#include "builder/stage/warn.h"
#include "formats/base/cleanup.h"
#include "formats/contract/annotations.h"

/* What each hypervisor loads. Sources: Solo5's tenders accept their own target only (elf_abi.h); Firecracker
 * an ELF or an arm64 Image, never a bzImage (docs/rootfs-and-kernel-setup.md); QEMU's x86 -kernel a bzImage,
 * a multiboot 1 kernel or a PVH ELF (system/i386). */
static const struct {
    enum hypervisor hypervisor;
    enum solo5_target
        target;      /* the Solo5 kernel that it runs; none: only SOLO5_TARGET_VIRTIO, as any virtio kernel */
    unsigned never;  /* formats that are certain to fail */
    unsigned any_of; /* on amd64, a kernel without one of these gets a warning; 0: not known */
} loaders[HYPERVISOR_COUNT] = {
    {HYPERVISOR_QEMU, SOLO5_TARGET_NONE, 0, KERNEL_BZIMAGE | KERNEL_MULTIBOOT1 | KERNEL_PVH},
    {HYPERVISOR_FIRECRACKER, SOLO5_TARGET_NONE, KERNEL_BZIMAGE, KERNEL_ELF},
    {HYPERVISOR_CLOUD_HYPERVISOR, SOLO5_TARGET_NONE, 0, KERNEL_PVH | KERNEL_BZIMAGE},
    {HYPERVISOR_HVT, SOLO5_TARGET_HVT, 0, 0},
    {HYPERVISOR_SPT, SOLO5_TARGET_SPT, 0, 0},
};

static const char *target_name(enum solo5_target target)
{
    switch (target) {
    case SOLO5_TARGET_HVT:
        return "hvt";
    case SOLO5_TARGET_SPT:
        return "spt";
    case SOLO5_TARGET_VIRTIO:
        return "virtio";
    case SOLO5_TARGET_MUEN:
        return "muen";
    case SOLO5_TARGET_GENODE:
        return "genode";
    case SOLO5_TARGET_XEN:
        return "xen";
    case SOLO5_TARGET_NONE:
        break;
    }
    return "an unknown target";
}

static int check_solo5(const struct unikernel *unikernel, enum hypervisor hypervisor,
                       const struct kernel_probe *probe, struct error *error)
{
    enum solo5_target wanted = loaders[hypervisor].target;
    bool is_solo5 = (probe->formats & KERNEL_SOLO5) != 0;
    if (wanted != SOLO5_TARGET_NONE && !is_solo5) {
        cleanup_free char *found = kernel_probe_describe(probe);
        return error_set(error, "%s: %s runs Solo5 kernels, and this one carries no Solo5 note (%s)",
                         unikernel->binary, unikernel->hypervisor, found);
    }
    enum solo5_target runs = wanted != SOLO5_TARGET_NONE ? wanted : SOLO5_TARGET_VIRTIO;
    if (is_solo5 && probe->solo5_target != runs)
        return error_set(error, "%s: a Solo5 kernel for %s, which %s does not run", unikernel->binary,
                         target_name(probe->solo5_target), unikernel->hypervisor);
    return 0;
}

/* A device that the manifest does not declare cannot be attached. */
static int check_device(const struct kernel_probe *probe, const char *name, bool is_block,
                        struct error *error)
{
    cleanup_buffer struct buffer known = {0};
    if (name == NULL || !(probe->formats & KERNEL_SOLO5))
        return 0;
    for (unsigned i = 0; i < probe->solo5_device_count; i++) {
        if (probe->solo5_devices[i].is_block != is_block)
            continue;
        if (strcmp(probe->solo5_devices[i].name, name) == 0)
            return 0;
        buffer_format(&known, "%s%s", known.length > 0 ? ", " : "", probe->solo5_devices[i].name);
    }
    return error_set(error, "%s: the kernel's manifest declares no %s device of that name; it has: %s", name,
                     is_block ? "block" : "network", known.length > 0 ? known.data : "none");
}

void kernel_warn(const struct build *build, const struct stage *stage, const struct unikernel *unikernel,
                 const struct kernel_probe *probe)
{
    int hypervisor = hypervisor_from_name(unikernel->hypervisor);
    unsigned any_of = loaders[hypervisor].any_of;
    bool amd64 = probe->architecture == NULL || strcmp(probe->architecture, "amd64") == 0;
    if (!amd64 || any_of == 0 || (probe->formats & any_of) != 0)
        return;
    cleanup_free char *found = kernel_probe_describe(probe);
    build_warn(build, stage_fact_line(stage, KEY_BINARY), "%s: %s may not be able to load this kernel (%s)",
               unikernel->binary, unikernel->hypervisor, found);
}

int kernel_check(const struct build *build, const struct stage *stage, const struct unikernel *unikernel,
                 const struct kernel_probe *probe, struct error *error)
{
    static const char net_key[] = ANNOTATION_PREFIX "solo5NetDev",
                      block_key[] = ANNOTATION_PREFIX "solo5BlkDev";
    const char *file = build->spec->file;
    enum hypervisor hypervisor = (enum hypervisor)hypervisor_from_name(unikernel->hypervisor);
    if (check_solo5(unikernel, hypervisor, probe, error) < 0)
        return error_place(error, file, stage_fact_line(stage, KEY_HYPERVISOR));
    if (probe->formats & loaders[hypervisor].never) {
        cleanup_free char *found = kernel_probe_describe(probe);
        error_set(error, "%s: %s cannot load this kernel (%s)", unikernel->binary, unikernel->hypervisor,
                  found);
        return error_place(error, file, stage_fact_line(stage, KEY_BINARY));
    }
    if (check_device(probe, unikernel->solo5_net_device, false, error) < 0)
        return error_place(error, file, stage_fact_line(stage, net_key));
    if (check_device(probe, unikernel->solo5_block_device, true, error) < 0)
        return error_place(error, file, stage_fact_line(stage, block_key));
    return 0;
}
