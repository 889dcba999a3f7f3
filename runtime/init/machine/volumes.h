/* What the container's mounts are in the guest. */
#ifndef RUNTIME_INIT_VOLUMES_H
#define RUNTIME_INIT_VOLUMES_H

#include <stdbool.h>

#include "runtime/init/cmdline.h"

/* Mounts what the settings list, in their order, and gives block devices their further names. `trees` is
 * SETTINGS_TREES, opened before the root changed, or -1. False where one failed that is not optional; each
 * failure is complained about. */
bool mount_settings(const struct cmdline *cmdline, int trees);

#endif
