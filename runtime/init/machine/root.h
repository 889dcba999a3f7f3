/* From the initramfs to the block device that root= names. */
#ifndef RUNTIME_INIT_ROOT_H
#define RUNTIME_INIT_ROOT_H

#include <stdbool.h>

#include "runtime/init/cmdline.h"

/* True if this program runs from an initramfs and root= names a block device. */
bool root_is_elsewhere(const struct cmdline *cmdline);

/* Mounts that device, makes it the root with /proc, /sys and /dev as they are, and frees the initramfs.
 * False: complained, and the root is what it was. */
bool root_switch(const struct cmdline *cmdline);

#endif
