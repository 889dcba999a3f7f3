/* File systems besides the root. */
#ifndef RUNTIME_INIT_MOUNTS_H
#define RUNTIME_INIT_MOUNTS_H

#include <stdbool.h>

/* /proc, /sys and /dev: what this program itself needs, before anything else. */
void mount_kernel_file_systems(void);

/* /dev/pts, /dev/shm, /run, /tmp and the links of /dev, once the root is the final one. */
void mount_runtime_file_systems(void);

/* Waits up to ten seconds for a block device that a driver is about to find. False: complained. */
bool wait_for_device(const char *device);

/* Mounts the device with `type`, or where that is NULL with the first type that the kernel knows and the
 * device holds. False: complained. */
bool mount_device(const char *device, const char *directory, const char *type, bool readonly);

#endif
