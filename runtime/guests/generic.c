/* generic: whatever the monitor can load, with its arguments as they are; a Solo5 kernel has the devices of
 * its manifest. */
#include "runtime/guests/solo5.h"

static int plan(const struct guest_input *input, struct boot *boot, struct error *error)
{
    if (guest_name_solo5_devices(input, boot, error) < 0)
        return -1;
    boot->command_line = guest_join_arguments(input);
    boot->quirks |= BOOT_QUIRK_EXIT_PORT; /* no convention of its own stands against it */
    boot->exit = BOOT_EXIT_MARK;          /* of Solo5 for virtio, and of others */
    return 0;
}

DEFINE_GUEST(generic, plan);
