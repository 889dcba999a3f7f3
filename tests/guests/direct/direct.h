/* The parts of the guest that a monitor boots without firmware: by PVH, or as it boots Linux. 64-bit; the
 * first 4 GiB are mapped to themselves. */
#ifndef DIRECT_H
#define DIRECT_H

#include "x86/x86.h"

struct boot_information {
    const char *command_line;
    uint64_t memory_end; /* of the memory that begins at 1 MiB or below it and holds this kernel */
    const uint8_t *initrd;
    size_t initrd_size; /* 0: none */
};

/* pvh.c: of struct hvm_start_info; false where it is not one. */
bool pvh_read(const void *start_info, struct boot_information *information);
/* linux.c: of struct boot_params, the "zero page". */
bool linux_read(const void *boot_params, struct boot_information *information);

#endif
