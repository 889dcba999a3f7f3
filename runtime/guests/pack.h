/* Copies of a container's mounts for a guest whose root is the initrd: they stand where they are mounted. */
#ifndef RUNTIME_GUESTS_PACK_H
#define RUNTIME_GUESTS_PACK_H

#include "runtime/guests/guest.h"

/* Puts the mounts' trees into the pack's archive, each at its destination, in their order. An error where one
 * would stand below a file. */
int guest_pack_mounts(const struct guest_input *input, struct guest_pack *pack, struct error *error);

#endif
