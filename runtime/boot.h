/* struct boot: where guests and monitors meet. Guests fill it in, monitors turn it into an argv; neither
 * knows the other. */
#ifndef RUNTIME_BOOT_H
#define RUNTIME_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names in the monitor's private root: ours, never the image's. */
#define BOOT_KERNEL_PATH "/guest/kernel"
#define BOOT_INITRD_PATH "/guest/initrd"

/* Of a monitor that makes the socket on which it is managed itself, and of one that opens a saved machine by
 * name. */
#define BOOT_MANAGE_DIRECTORY  "/manage"
#define BOOT_MANAGE_PATH       BOOT_MANAGE_DIRECTORY "/monitor.sock"
#define BOOT_SAVED_STATE_PATH  "/saved/state"
#define BOOT_SAVED_MEMORY_PATH "/saved/memory"

enum {
    /* An x86 port of two bytes. A guest that writes V to it ends the monitor with status (V << 1) | 1
     * (QEMU's isa-debug-exit); what V means is the guest's convention. */
    BOOT_EXIT_PORT = 0x501,
    BOOT_EXIT_REPORTED = 0x100,
    BOOT_EXIT_BYTE_ZERO = 0xff,
    BOOT_EXIT_FLAG_PORT = 0xf4, /* of four bytes, in place of the other */
    BOOT_QUEUES_MAX = 8,        /* pairs of queues of one network interface */
};

/* What a guest tells by V, and so which exit status the monitor's reaper sees. */
enum boot_exit {
    BOOT_EXIT_UNKNOWN = 0, /* the monitor's status as it is */
    /* BOOT_EXIT_REPORTED | status, always: a guest that ends without has crashed, which is status 1. Where
     * it can write one byte only: the status, with BOOT_EXIT_BYTE_ZERO for 0. */
    BOOT_EXIT_REPORT = 1,
    BOOT_EXIT_MARK = 2, /* 41: it ended, 42: it crashed; anything else as BOOT_EXIT_UNKNOWN */
    /* The status itself. Where the monitor's main thread ends with 1, that is a failure and not a V of 0. */
    BOOT_EXIT_VALUE = 3,
    BOOT_EXIT_FLAG = 4, /* at BOOT_EXIT_FLAG_PORT, always: 1: it succeeded, 0: it failed */
};

/* Needs of a guest besides the ordinary; a boot is refused where the monitor cannot meet one. */
enum boot_quirk {
    BOOT_QUIRK_EXIT_PORT = 1 << 0,     /* the exit port, where the monitor has it */
    BOOT_QUIRK_MODERN_VIRTIO = 1 << 1, /* virtio-net, over MMIO all virtio, without the legacy interface */
    BOOT_QUIRK_CHANNEL = 1 << 2,       /* the ports of runtime/channel.h */
    BOOT_QUIRK_PANIC_DEVICE = 1 << 3,  /* a guest's panic ends the monitor with a failure */
    BOOT_QUIRK_OLD_PC = 1 << 4, /* a PC with the interrupts of a PIIX chip set, where the monitor has one */
    /* The first disk's boot loader starts the kernel, where the monitor has a PC's firmware, which leaves no
     * memory where the kernel wants some when it is entered by itself. */
    BOOT_QUIRK_BOOT_LOADER = 1 << 5,
};
/* How a guest hears that it is to end, besides by an agent of ours. */
enum boot_stop {
    BOOT_STOP_POWER_BUTTON = 1 << 0, /* of ACPI's fixed hardware */
    BOOT_STOP_KEYS = 1 << 1,         /* Ctrl-Alt-Del on a keyboard of the PC's controller */
};
/* What a guest does without. */
#define BOOT_QUIRKS_OPTIONAL                                                                                 \
    ((unsigned)BOOT_QUIRK_EXIT_PORT | BOOT_QUIRK_PANIC_DEVICE | BOOT_QUIRK_OLD_PC | BOOT_QUIRK_BOOT_LOADER)

struct boot_disk {
    char *name; /* device name in a Solo5 manifest, or NULL; owned */
    /* Place among the devices of both kinds, from 1, for guests that tell them by their order; 0: any. */
    unsigned position;
    char *path; /* in the private root, for monitors that open by name; owned */
    int fd;     /* the same, opened as `readonly` says, kept open over exec: the container's user may be
                   somebody who could not open it; borrowed */
    bool readonly;
    bool device; /* `fd` is a block device, else a regular file */
    /* Where it is 0 or more, `fd` is a qcow2 image that holds what is written, and this the raw disk behind
     * it, opened for reading; borrowed. Only for monitors that say so (monitor.layers). */
    int backing;
    unsigned sector_size; /* bytes, where the guest wants others than of 512; else 0 */
};

struct boot_nic {
    char *name; /* device name in a Solo5 manifest, or NULL: monitors that go by names leave it out; owned */
    unsigned position; /* as a disk's */
    int tap_fd; /* open tap, kept open over exec; with vnet header unless the monitor wants raw taps; -1 where
                   the monitor attaches to it by name; borrowed */
    /* The same for the queues beyond the first; borrowed. */
    int further_taps[BOOT_QUEUES_MAX - 1];
    size_t further_count;
    /* The host's kernel carries the frames: opened /dev/vhost-net, one for each queue, or none; borrowed. */
    int vhosts[BOOT_QUEUES_MAX];
    size_t vhost_count;
    char tap[16]; /* the interface's name */
    char mac[18]; /* "02:42:ac:11:00:02" */
    unsigned mtu;
};

/* A directory of the host that the guest mounts, by virtiofs or 9p: the container's rootfs itself, a mount of
 * the bundle. */
#define BOOT_SHARE_TAG_PREFIX "fs"                      /* and its number */
#define BOOT_SHARE_TAG        BOOT_SHARE_TAG_PREFIX "0" /* of the first */
struct boot_share {
    char *tag;  /* that the guest mounts: "fs0"; owned */
    char *path; /* in the private root, by 9p; owned */
    int server; /* connected unix socket of the program that serves it by virtiofs, kept open over exec;
                   -1: the monitor itself serves it by 9p; borrowed */
    bool readonly;
};

struct boot_stream {
    int fd; /* opened for writing only, but for a socket */
    bool socket;
};

/*
 * The channel of a guest that has an agent of ours (runtime/channel.h): its ports beside the serial console.
 * All descriptors are kept open over exec; borrowed; -1: none.
 */
struct boot_channel {
    struct boot_stream output;
    struct boot_stream error;
    int console_fd; /* for the serial console, where `error` is a socket: a socket serves one */
    int control_fd; /* listening unix socket: one client at a time speaks to the guest's agent */
    int window_fd;  /* connected unix socket: the terminal's later sizes come from it */
};

struct boot {
    const char *kernel;      /* BOOT_KERNEL_PATH */
    int kernel_fd;           /* the same, opened, for monitors that open nothing; -1: not kept; borrowed */
    const char *initrd;      /* BOOT_INITRD_PATH or NULL */
    char *command_line;      /* the guest's, one string; owned; never split */
    struct boot_disk *disks; /* owned; boot_add_disk */
    size_t disk_count;
    struct boot_nic *nics; /* owned; boot_add_nic */
    size_t nic_count;
    struct boot_share *shares; /* owned; boot_add_share */
    size_t share_count;
    uint64_t memory; /* bytes */
    unsigned vcpus;
    unsigned quirks;             /* enum boot_quirk */
    enum boot_exit exit;         /* with BOOT_QUIRK_EXIT_PORT */
    unsigned stops;              /* enum boot_stop: any of them will do */
    struct boot_channel channel; /* only where quirks has BOOT_QUIRK_CHANNEL */
    int manage_fd;   /* listening unix socket on which the monitor is managed, kept open over exec; -1: none;
                        borrowed */
    int incoming_fd; /* the machine's saved state, with which it goes on in place of booting, kept open over
                        exec; also mounted at BOOT_SAVED_STATE_PATH where it is opened by name; -1: none;
                        borrowed */
    bool terminal;   /* standard input and output are a terminal */
    bool sandbox;    /* the monitor's own seccomp; false only where the bundle asks for unconfined */
};

/* The name of the disk of that number in the private root: "/guest/disk0". Owned by the caller. */
char *boot_disk_path(size_t index);

/* Its serial, by which a guest may tell it: "disk0"; at most 20 bytes (virtio 1.2, section 5.2.6). */
char *boot_disk_serial(size_t index);

/* Likewise of the share: "/guest/share0". */
char *boot_share_path(size_t index);

/* Adds one. Borrowed from `boot`, until the next of its kind is added. */
struct boot_disk *boot_add_disk(struct boot *boot, int fd, bool readonly);
struct boot_nic *boot_add_nic(struct boot *boot, int tap_fd);
struct boot_share *boot_add_share(struct boot *boot, const char *tag, int server, bool readonly);

/* Without anything: no descriptor. */
#define BOOT_NONE                                                                                            \
    ((struct boot){.kernel_fd = -1,                                                                          \
                   .manage_fd = -1,                                                                          \
                   .incoming_fd = -1,                                                                        \
                   .channel = {.output = {.fd = -1},                                                         \
                               .error = {.fd = -1},                                                          \
                               .console_fd = -1,                                                             \
                               .control_fd = -1,                                                             \
                               .window_fd = -1}})

/* Releases what `boot` owns; no descriptor is closed. */
void boot_free(struct boot *boot);
#define cleanup_boot __attribute__((cleanup(boot_free)))

#endif
