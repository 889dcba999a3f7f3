/* The parts of a container's unikernel: its annotations, the drivers they name, and its files, opened. */
#ifndef RUNTIME_PROCESS_GUEST_GUEST_SETUP_H
#define RUNTIME_PROCESS_GUEST_GUEST_SETUP_H

#include <stdbool.h>

#include "formats/contract/unikernel.h"
#include "formats/kernel/probe.h"
#include "runtime/bundle/bundle.h"
#include "runtime/config/config.h"
#include "runtime/guests/guest.h"
#include "runtime/monitors/monitor.h"
#include "runtime/storage/mounted_device.h"
#include "runtime/storage/storage.h"

/* A file that the monitor opens by name, as it was opened beneath the rootfs. At most one of the two is
 * there; both owned; -1: none. */
struct guest_file {
    int tree; /* a detached mount of it (sandbox/mounts.h) */
    int copy; /* the file itself, to be copied: the container's user 0 may read it and not everybody, or
                 something is added to it */
};
#define GUEST_FILE_NONE ((struct guest_file){.tree = -1, .copy = -1})

struct guest_setup {
    struct unikernel unikernel;
    const struct guest *guest;
    const struct monitor *monitor;
    struct kernel_probe probe;
    char *program; /* the monitor's: absolute path on the host; owned */
    struct guest_file kernel;
    struct guest_file initrd;
    int added;              /* bytes that stand behind the image's initrd (guest_pack.h); owned; -1: none */
    uint64_t initrd_length; /* bytes of the image's that stand before them */
    int kernel_fd;          /* the kernel itself, opened, for a monitor that opens nothing; owned; -1: none */
    struct guest_disk *disks; /* owned */
    size_t disk_count;
    struct guest_share *shares; /* owned */
    size_t share_count;
    char *virtiofsd;                     /* the program that serves them (virtiofsd.h); NULL: by 9p; owned */
    struct version virtiofsd_version;    /* filled by `create` */
    bool rootfs_share;                   /* the first one is the rootfs */
    bool boot_archive;                   /* `initrd` is urunc's own: the image names none */
    struct mounted_device rootfs_device; /* the rootfs is on it, and the guest will get it; owned */
    bool rootfs_disk;                    /* the first disk is the rootfs (rootfs_disk.h) */
    bool disks_by_owner;                 /* the monitor must be their owner (guest_disks.h) */
};

#define GUEST_SETUP_NONE                                                                                     \
    ((struct guest_setup){.kernel = GUEST_FILE_NONE, .initrd = GUEST_FILE_NONE, .added = -1, .kernel_fd = -1})

/* Reads the annotations of config.json, else /urunc.json in the rootfs (docs/architecture.md, "The
 * contract"), with single annotations laid over it. */
enum unikernel_found guest_setup_read(const struct bundle *bundle, const struct config *config,
                                      struct unikernel *unikernel, struct error *error);

/* True where the monitor gets an initrd: the image's, or one of urunc's own. */
static inline bool guest_has_initrd(const struct guest_setup *setup)
{
    return setup->unikernel.initrd != NULL || setup->boot_archive || setup->added >= 0;
}

/* Finds the drivers and the monitor's program, checks that they fit each other and the kernel, and opens the
 * files beneath the rootfs. `setup->unikernel` was read. */
int guest_setup_open(const struct bundle *bundle, const struct config *config, struct guest_setup *setup,
                     struct error *error);
/* Closes what the private root was made from; `kernel_fd` and the disks' descriptors stay. */
void guest_setup_close_trees(struct guest_setup *setup);
void guest_setup_free(struct guest_setup *setup);
#define cleanup_guest_setup __attribute__((cleanup(guest_setup_free)))

/* The configuration of the monitor that was chosen. */
static inline const struct monitor_config *guest_monitor_config(const struct guest_setup *setup,
                                                                const struct config *config)
{
    return &config->monitors[setup->unikernel.hypervisor];
}

#endif
