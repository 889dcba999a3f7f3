/* The operator's settings: /etc/urunc/config.json, all keys optional. docs/urunc-config.5 lists them. */
#ifndef RUNTIME_CONFIG_H
#define RUNTIME_CONFIG_H

#include <stdint.h>

#include "formats/base/error.h"
#include "formats/contract/frameworks.h"

#define CONFIG_DEFAULT_PATH "/etc/urunc/config.json"

enum acceleration {
    ACCELERATION_AUTO, /* kvm where /dev/kvm can be opened, else tcg */
    ACCELERATION_KVM,
    ACCELERATION_TCG,
};

struct monitor_config {
    char
        *path; /* of the program, or NULL: the driver's default, looked up in /usr/bin, /usr/local/bin, ... */
    uint64_t memory; /* of the guest where the bundle has no limit, bytes; default 256 MiB */
    uint64_t
        overhead;   /* that the monitor needs beyond the guest's memory, bytes: added to a bundle's limit */
    unsigned vcpus; /* default 1 */
    enum acceleration acceleration; /* qemu only */
    char *machine;                  /* qemu only, or NULL: the driver's default */
};

struct config {
    struct monitor_config monitors[HYPERVISOR_COUNT];
    char *fallback_runtime; /* for containers that are not unikernels, or NULL: runc, then crun, in PATH */
};

/* Reads `path`; NULL means CONFIG_DEFAULT_PATH, which may be missing. Unknown keys, wrong types and values
 * out of range are errors that name file, key and value. */
int config_load(const char *path, struct config *config, struct error *error);
void config_free(struct config *config);
#define cleanup_config __attribute__((cleanup(config_free)))

#endif
