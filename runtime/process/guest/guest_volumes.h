/* Directories, devices and images of disks that the guest is given beside its own files: the container's
 * rootfs as a share, and the bundle's mounts that are no copies (docs/mounts.md). */
#ifndef RUNTIME_PROCESS_GUEST_GUEST_VOLUMES_H
#define RUNTIME_PROCESS_GUEST_GUEST_VOLUMES_H

#include "runtime/process/guest/guest_setup.h"

/* Adds a directory that the guest mounts at `destination`: of `fd`, with what is mounted in it where
 * `recursive`. `name` stands in errors. Returns its place among the shares, or -1. */
int guest_share_add(struct guest_setup *setup, int fd, const char *name, const char *destination,
                    bool readonly, bool recursive, struct error *error);

/* True if the opened file holds a file system that Linux guests mount. Anything but a regular file does not.
 */
bool guest_volume_holds_a_system(int fd);

/* Adds the block device or image file of a bind mount as the guest's last disk; `key` (static) says what asks
 * for it, in errors. Returns its place among the
 * disks, or -1. One that may be written is the guest's alone: an error where the host has it mounted or
 * another guest has it. */
int guest_volume_add(struct guest_setup *setup, const char *key, const struct bundle_mount *mount,
                     struct error *error);

#endif
