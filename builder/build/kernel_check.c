#include "builder/build/kernel_check.h"

#include <string.h>

#include "builder/stage/facts.h"
#include "builder/stage/warn.h"
#include "formats/base/cleanup.h"
#include "formats/contract/blocks.h"
#include "formats/contract/pairs.h"

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
    cleanup_error struct error doubt = {0};
    if (hypervisor_check_kernel(unikernel->hypervisor, probe, unikernel->binary, &doubt) == KERNEL_DOUBTFUL)
        build_warn(build, stage_fact_line(stage, KEY_BINARY), "%s", doubt.message);
}

const char *kernel_check(const struct unikernel *unikernel, const struct kernel_probe *probe,
                         const char *architecture, struct error *error)
{
    const struct pair pair = {unikernel->framework, unikernel->hypervisor};
    if (pair_check(pair, error) < 0 || pair_check_architecture(pair, architecture, error) < 0)
        return KEY_HYPERVISOR;
    const char *storage = unikernel_check_storage(unikernel, error);
    if (storage != NULL)
        return storage;
    if (hypervisor_check_kernel(unikernel->hypervisor, probe, unikernel->binary, error) == KERNEL_REFUSED)
        return KEY_BINARY;
    error_clear(error); /* a doubt is kernel_warn's */
    if (named_blocks_check(unikernel->blocks, probe, error) < 0)
        return KEY_BLOCKS;
    if (check_device(probe, unikernel->solo5_net_device, false, error) < 0)
        return KEY_NET_DEVICE;
    if (check_device(probe, unikernel->solo5_block_device, true, error) < 0)
        return KEY_BLOCK_DEVICE;
    return NULL;
}
