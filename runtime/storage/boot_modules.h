/*
 * A Linux guest's first archive, for a kernel whose drivers of disks and file systems are modules: urunc's
 * init and the few modules that lead from memory to the root on a disk, taken from the image itself. It does
 * what the initramfs of a distribution does.
 */
#ifndef RUNTIME_STORAGE_BOOT_MODULES_H
#define RUNTIME_STORAGE_BOOT_MODULES_H

#include "formats/base/error.h"

/*
 * Makes the archive of the modules below lib/modules in the rootfs `root` (a directory, opened for reading):
 * those that a root on a virtio disk, the guest's channel and its network need, and those that the image's
 * own /etc/modules names, with what they depend on by modules.dep. Returns a descriptor (owned), or -1: with
 * an error, or without one where the kernel needs no modules for its root, because the image has none for it.
 */
int boot_modules_archive(int root, struct error *error);

#endif
