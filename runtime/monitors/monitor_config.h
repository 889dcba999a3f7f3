/* The operator's settings of one monitor (docs/urunc-config.5); runtime/config.c reads it. */
#ifndef RUNTIME_MONITORS_MONITOR_CONFIG_H
#define RUNTIME_MONITORS_MONITOR_CONFIG_H

#include <stdint.h>

enum acceleration {
    ACCELERATION_AUTO, /* kvm where /dev/kvm can be opened, else tcg */
    ACCELERATION_KVM,
    ACCELERATION_TCG,
};

struct monitor_config {
    char *path;      /* of the program; NULL: the driver's, looked up in the usual directories; owned */
    uint64_t memory; /* of the guest where the bundle has no limit, bytes; default 256 MiB */
    /* That the monitor needs beyond the guest's memory, bytes: added to a bundle's limit. */
    uint64_t overhead;
    unsigned vcpus;                 /* default 1 */
    enum acceleration acceleration; /* qemu only */
    char *machine;                  /* qemu only; NULL: the driver's default; owned */
};

#endif
