/*
 * The container's rootfs as the guest's first disk, for guests that mountRootfs gives it to and that have no
 * file system for directories of the host.
 *
 * Where it is a file system of its own on a block device, the guest gets that (storage/mounted_device.h).
 * Else an ext2 image is made of it and kept (storage/rootfs_cache.h). A guest that may write gets a layer of
 * its own over the image, which ends with the monitor: like the container's own layer in an engine's overlay,
 * but that the engine does not see it.
 */
#ifndef RUNTIME_PROCESS_GUEST_ROOTFS_DISK_H
#define RUNTIME_PROCESS_GUEST_ROOTFS_DISK_H

#include "runtime/process/guest/guest_setup.h"

/* True if the rootfs goes to the guest as a disk. */
bool rootfs_disk_wanted(const struct guest_setup *setup);

/* Adds the disk, as the first one. Called by `create`, with the privileges of the host. */
int rootfs_disk_add(const struct bundle *bundle, const struct config *config, struct guest_setup *setup,
                    struct error *error);

/* Where the guest gets the device that the rootfs is on: takes it away from the host. The last that `create`
 * does before it makes the process, because it cannot be undone. */
int rootfs_disk_take_device(struct bundle *bundle, struct guest_setup *setup, struct error *error);

#endif
