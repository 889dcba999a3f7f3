#include "runtime/process/guest/guest_input.h"

#include <string.h>

#include "formats/contract/cmdline.h"

/* Arguments win over the annotation, but for the old convention of the one word "unikernel", and where an
 * image of older tools has the annotation's own words or its kernel's path as the command
 * (docs/architecture.md, "The contract"). */
static const char *winning_cmdline(const struct strings *args, const struct unikernel *unikernel)
{
    const char *cmdline = unikernel->cmdline;
    const char *only = args->count == 1 ? args->items[0] : "";
    bool is_placeholder =
        strcmp(only, "unikernel") == 0 || (unikernel->older_tools && strcmp(only, unikernel->binary) == 0);
    bool are_its_words = unikernel->older_tools && cmdline_words_are(cmdline, args);
    return args->count == 0 || is_placeholder || are_its_words ? cmdline : NULL;
}

struct guest_input guest_input_of(const struct bundle *bundle, const struct guest_setup *setup)
{
    const struct process *process = &bundle->process;
    const struct unikernel *unikernel = &setup->unikernel;
    return (struct guest_input){
        .args = &process->args,
        .cmdline = winning_cmdline(&process->args, unikernel),
        .older_tools = unikernel->older_tools,
        .env = &process->env,
        .cwd = process->cwd,
        .uid = process->uid,
        .gid = process->gid,
        .additional_gids = process->additional_gids,
        .additional_gid_count = process->additional_gid_count,
        .terminal = process->terminal,
        .hostname = bundle->hostname,
        .version = unikernel->version,
        .ends_by_reset = setup->monitor->ends_by_reset,
        .disk_serials = setup->monitor->disk_serials,
        .has_initrd = unikernel->initrd != NULL || setup->boot_archive,
        .has_block = unikernel->block != NULL || setup->rootfs_disk,
        .block_readonly = setup->disk_count > 0 && setup->disks[0].readonly,
        .has_share = setup->rootfs_share,
        .virtiofs = setup->virtiofsd != NULL,
        .shares = setup->shares,
        .share_count = setup->share_count,
        .block_mount_point = unikernel->block_mount_point,
        .kernel = &setup->probe,
        .solo5_net_device = unikernel->solo5_net_device,
        .solo5_block_device = unikernel->solo5_block_device,
    };
}
