/* The guest's files, which an image names: opened once beneath its rootfs, so that what was checked is what
 * is used. */
#ifndef RUNTIME_STORAGE_STORAGE_H
#define RUNTIME_STORAGE_STORAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "formats/base/error.h"
#include "formats/base/file.h"
#include "formats/contract/unikernel.h"

struct guest_disk {
    const char *key; /* what asks for it, for messages: KEY_BLOCK; static */
    char *name;      /* that the annotation `blocks` gives to it; NULL for that of `block`; owned */
    char *path;      /* in the image; owned */
    int fd;          /* O_RDWR, or O_RDONLY where the rootfs is read-only; owned */
    int backing;     /* as boot_disk.backing; -1: none; owned */
    /* A file without a name reaches only monitors that get it opened; for others it has a hidden one, which
     * goes with this list. Owned. */
    bool nameless;
    struct tempfile hidden;
    int tree;      /* a detached mount of it for the monitor's root; -1: none; owned */
    bool readonly; /* how `fd` was opened */
    bool device;   /* a block device of the host; else a regular file */
};

/* A directory of the host that the guest mounts. */
struct guest_share {
    char *tag;         /* that it mounts: "fs0"; owned */
    char *destination; /* where: "/" for the container's rootfs; owned */
    int tree;          /* a detached mount of it for the root of who serves it; -1: closed; owned */
    bool readonly;
    /* Of the program that serves it by virtiofs (runtime/process/guest/share_server.h): the socket that it
     * listens on, and the monitor's connection to it. -1: the monitor serves it by 9p. Both owned. */
    int listener;
    int connection;
};

struct guest_files {
    int binary;               /* O_RDONLY; owned */
    int initrd;               /* O_RDONLY, or -1 */
    struct guest_disk *disks; /* that of `block`, then those of `blocks`; owned */
    size_t disk_count;
};

#define GUEST_FILES_NONE ((struct guest_files){.binary = -1, .initrd = -1})

/*
 * Opens the binary, the initrd and the block images that the annotations name, each a regular file beneath
 * `rootfd` (BENEATH_IN_ROOT), close-on-exec. A block image is a whole number of sectors, of 512 bytes where
 * the image says nothing else, at least one: the unit of a virtio disk (virtio 1.2, section 5.2) and the
 * smallest of Solo5. No file is two disks. `readonly` (the bundle's root.readonly) opens it for reading; a
 * rootfs that is mounted read-only does so too. On an error, which names the annotation and the path, -1, and
 * nothing stays open.
 */
int guest_files_open(int rootfd, const struct unikernel *unikernel, bool readonly, struct guest_files *files,
                     struct error *error);

/* Releases the shares of a list. */
void guest_shares_free(struct guest_share *shares, size_t count);

/* Releases the disks of a list, and what they hold open. */
void guest_disks_free(struct guest_disk *disks, size_t count);

/* Closes what is open; the struct is GUEST_FILES_NONE afterwards. */
void guest_files_close(struct guest_files *files);
#define cleanup_guest_files __attribute__((cleanup(guest_files_close)))

#endif
