/* Saving a container's machine, and waiting for a restored one. */
#ifndef RUNTIME_LIFECYCLE_CHECKPOINT_H
#define RUNTIME_LIFECYCLE_CHECKPOINT_H

#include "runtime/lifecycle/lifecycle.h"

/* Saves the machine of a running or paused container in the directory `image_path`, and then removes the
 * container, or leaves it as it was. On failure it is as it was and nothing is saved. */
int container_checkpoint(const struct runtime *runtime, const char *id, const char *image_path,
                         bool leave_running, struct error *error);

/* Waits until the machine of a container that was just started goes on where it was saved. */
int container_await_restored(const struct runtime *runtime, const char *id, struct error *error);

#endif
