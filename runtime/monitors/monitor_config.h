/* The operator's settings of one monitor (docs/urunc-config.5); runtime/config/config.c reads them, as the
 * monitor's driver lists them. */
#ifndef RUNTIME_MONITORS_MONITOR_CONFIG_H
#define RUNTIME_MONITORS_MONITOR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/monitors/version.h"

enum acceleration {
    ACCELERATION_AUTO, /* settled by monitor_settle_acceleration; as it is, tcg */
    ACCELERATION_KVM,
    ACCELERATION_TCG,
};

struct monitor_config {
    /* Of every monitor. */
    char *path;      /* of the program; NULL: the driver's, looked up in the usual directories; owned */
    uint64_t memory; /* of the guest where the bundle has no limit, bytes; default 256 MiB */
    /* That the monitor needs beyond the guest's memory, bytes: added to a bundle's limit. */
    uint64_t overhead;
    unsigned vcpus; /* default 1 */
    /* Of the monitors whose drivers list them. NULL: the driver's default; owned. */
    enum acceleration acceleration;
    unsigned queues;       /* pairs of the first network interface, for guests that use several; default 1 */
    bool vhost;            /* its frames are carried by the host's kernel where that can */
    char *machine;         /* "q35" */
    char *machine_options; /* "hpet=off,smm=off" */
    char *cpu;             /* "host,arch-capabilities=off" */
    /* No setting: of the program that was found, once `create` has asked for it. */
    struct version version;
};

enum monitor_setting_type {
    SETTING_PROGRAM,      /* an absolute path, or MONITOR_BUILTIN for a monitor that has one */
    SETTING_PATH,         /* an absolute path */
    SETTING_WORD,         /* letters, digits, '_', '-' and '.' */
    SETTING_OPTIONS,      /* the same, ',', '=' and '+': further options of the one option that it is for */
    SETTING_MIB,          /* mebibytes, at least 1; kept as bytes */
    SETTING_MIB_OR_NONE,  /* likewise, at least 0 */
    SETTING_VCPUS,        /* a number of processors */
    SETTING_ACCELERATION, /* auto, kvm or tcg */
    SETTING_QUEUES,       /* 1 to BOOT_QUEUES_MAX */
    SETTING_SWITCH,       /* true or false */
};

/* A key of one monitor's object in the configuration. A list of them ends with one whose key is NULL. */
struct monitor_setting {
    const char *key;
    enum monitor_setting_type type;
    size_t field; /* its offset in struct monitor_config */
};

#endif
