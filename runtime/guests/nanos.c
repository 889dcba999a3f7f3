/*
 * Nanos: `en1.ipaddr=ADDRESS en1.netmask=MASK en1.gateway=ADDRESS`; all else stands in the manifest on its
 * disk: the program, its arguments and its environment.
 *
 * The kernel reads a command line only where it was entered by Linux's boot protocol (cmdline_apply in
 * src/kernel/init.c): words, split at blanks, that lay `name=value` over the manifest, `name` with dots for
 * the tuples in it. Started by its disk's boot loader it reads none, and the network is the manifest's or
 * DHCP's. Entered by PVH it makes its first page tables at 0xfd000 (src/x86_64/init.s), where a PC has ROM.
 */
#include <string.h>

#include "formats/base/cleanup.h"
#include "runtime/guests/guest.h"

static int check_input(const struct guest_input *input, struct error *error)
{
    if (!input->has_block)
        return error_set(error, "no block image: a Nanos image needs the disk that its manifest is on");
    if (input->block_mount_point != NULL && strcmp(input->block_mount_point, "/") != 0)
        return error_set(error,
                         "blkMntPoint %s: a Nanos disk is the root, and its manifest names the other mounts",
                         input->block_mount_point);
    if (input->cmdline == NULL && input->args->count > 1)
        return error_set(
            error, "process.args[1] %s: the arguments of a Nanos program stand in the manifest on its disk",
            input->args->items[1]);
    return 0;
}

static void add_network(struct buffer *line, const struct network *network)
{
    buffer_format(line, "en1.ipaddr=%s en1.netmask=%s", network->address, network->netmask);
    if (*network->gateway != '\0')
        buffer_format(line, " en1.gateway=%s", network->gateway);
}

static int plan(const struct guest_input *input, struct boot *boot, struct error *error)
{
    cleanup_buffer struct buffer line = {0};
    if (check_input(input, error) < 0)
        return -1;
    if (input->network != NULL)
        add_network(&line, input->network);
    if (line.length > 0 && input->cmdline != NULL)
        buffer_add_char(&line, ' ');
    buffer_add_string(&line, input->cmdline != NULL ? input->cmdline : "");
    boot->command_line = buffer_take(&line);
    boot->quirks |= BOOT_QUIRK_EXIT_PORT | BOOT_QUIRK_BOOT_LOADER | BOOT_QUIRK_MODERN_VIRTIO;
    boot->exit = BOOT_EXIT_VALUE;
    boot->stops = BOOT_STOP_POWER_BUTTON; /* src/drivers/acpi.c */
    return 0;
}

DEFINE_GUEST(nanos, plan, .kernels = KERNEL_ELF | KERNEL_PVH | KERNEL_ARM64_IMAGE);
