/* What Solo5's two tenders have in common: struct boot becomes an argv.
 *
 *     TENDER --mem=MIB --net:NAME=TAP --net-mac:NAME=MAC --block:NAME=PATH -- KERNEL LINE
 *
 * They attach devices by the names in the kernel's manifest, taps by the interface's name (a descriptor,
 * `@N`, fails in current releases) and disks by path, which they open for reading and writing. What stands
 * behind the kernel they join with blanks, so one argument reaches the guest as it is. Source: Solo5's
 * tenders/hvt and tenders/spt (the main and net and block modules), tenders/common/tap_attach.c. */
#ifndef RUNTIME_MONITORS_TENDER_H
#define RUNTIME_MONITORS_TENDER_H

#include "runtime/monitors/monitor.h"

#define TENDER_PROJECT "Debian has no package: build it from https://github.com/Solo5/solo5"

/* The release from which on devices have names (Solo5, CHANGES.md). */
#define TENDER_OLDEST                                                                                        \
    {                                                                                                        \
        .major = 0, .minor = 6                                                                               \
    }

/* Limits of one tender on the guest's memory, in MiB. */
struct tender_memory {
    unsigned maximum; /* 0: none */
    unsigned unit;    /* it takes multiples of this */
};

/* Fills an empty command. A disk that has no name or is not writable, and a command line that is longer than
 * Solo5's, are errors; a network interface without a name is left out. */
int tender_command(const struct boot *boot, const struct tender_memory *memory, const char *program,
                   struct monitor_command *command, struct error *error);

#endif
