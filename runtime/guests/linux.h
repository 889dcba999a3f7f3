/* What a container and its image make of a Linux guest: its root, its init, its program. */
#ifndef RUNTIME_GUESTS_LINUX_H
#define RUNTIME_GUESTS_LINUX_H

#include "runtime/guests/guest.h"

/* The place of the root file system. */
enum linux_root {
    LINUX_ROOT_KERNEL, /* in the kernel, or nowhere: no storage was given */
    LINUX_ROOT_INITRD,
    LINUX_ROOT_DISK,
};

/* The program that the kernel starts. */
enum linux_init {
    LINUX_INIT_OTHER, /* any program of the image: it gets what the kernel itself can give */
    LINUX_INIT_OWN,   /* urunc's (runtime/init), by its name; urunc brings its own copy, which reads a file */
    LINUX_INIT_URUNIT, /* https://github.com/nubificus/urunit, which reads a file of its own kind */
};

struct linux_guest {
    const struct guest_input *input;
    enum linux_root root;
    enum linux_init init;
    bool arm64;
    char *program;           /* A0; owned */
    struct buffer arguments; /* A1... as text for behind "--", without a blank at its start */
};

/* An error names what has no sense. */
int linux_guest_read(const struct guest_input *input, struct linux_guest *guest, struct error *error);
void linux_guest_free(struct linux_guest *guest);
#define cleanup_linux_guest __attribute__((cleanup(linux_guest_free)))

/* True if the environment and the user of a guest with urunit travel in its file: where the root is the
 * initrd, to which it is added, and where a disk is and no initrd, in whose place it stands. */
bool linux_has_urunit_file(const struct linux_guest *guest);

/* Where urunit finds it. */
#define URUNIT_IN_INITRD "/urunit.conf"
#define URUNIT_RETAINED  "/sys/firmware/initrd"

/* The driver's part for the guest's files: guest.h. */
void linux_abilities(const struct guest_input *input, struct mount_abilities *abilities);
int linux_pack(const struct guest_input *input, struct guest_pack *pack, struct error *error);

#endif
