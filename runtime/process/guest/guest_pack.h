/*
 * The guest's files that are not the image's, on their way to the monitor.
 *
 * At `create` they become a file in memory that has no name, and the private root gets an initrd of its own:
 * a copy of the image's with these bytes behind it. So nothing of the image is written, no other process sees
 * what is in there, and it is gone with the monitor.
 */
#ifndef RUNTIME_PROCESS_GUEST_GUEST_PACK_H
#define RUNTIME_PROCESS_GUEST_GUEST_PACK_H

#include "runtime/process/guest/guest_setup.h"

/*
 * Chooses how each mount of the bundle reaches the guest, reads those that are copied, and makes the file:
 * `setup->added`, and in `setup->initrd_length` how much of the image's initrd stands before it. `initrd` is
 * the image's, or -1. Leaves both as they are where the guest has no such files.
 */
int guest_pack_make(const struct bundle *bundle, const struct config *config, int initrd,
                    struct guest_setup *setup, struct error *error);

#endif
