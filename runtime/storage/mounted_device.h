/*
 * A rootfs that is a whole file system on a block device, as devmapper's and blockfile's snapshotters mount
 * it: the guest can have the device itself.
 *
 * Two kernels that write to one file system destroy it, and a second one that only reads sees it change under
 * its feet. So the host gives it up: the rootfs is unmounted, and the device is opened exclusively (open(2),
 * O_EXCL), which fails where anybody still has it mounted, in whatever mount namespace. As long as the
 * monitor holds that descriptor nobody can mount it again.
 */
#ifndef RUNTIME_STORAGE_MOUNTED_DEVICE_H
#define RUNTIME_STORAGE_MOUNTED_DEVICE_H

#include <stdbool.h>
#include <sys/types.h>

#include "formats/base/error.h"

struct mounted_device {
    char *path; /* of its node on the host; owned; NULL: none */
    dev_t number;
};

void mounted_device_free(struct mounted_device *device);

/* Finds the device where the opened directory is the root of a whole ext2, ext3 or ext4 file system that is
 * mounted nowhere else in this namespace. False where it is not, or the device's node is not found. */
bool mounted_device_find(int rootfs, struct mounted_device *device);

/* Unmounts the rootfs at that path and opens its device. Nothing of it may be open any more. Returns a
 * descriptor (owned). */
int mounted_device_take(const struct mounted_device *device, const char *rootfs, bool readonly,
                        struct error *error);

#endif
