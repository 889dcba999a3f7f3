/* The container's process leaves the host: the last step of `create` in the process. */
#ifndef RUNTIME_PROCESS_SETTLE_H
#define RUNTIME_PROCESS_SETTLE_H

#include "runtime/process/container.h"

/*
 * Takes along what `start` needs (container->kept), makes the monitor's private root the process's root,
 * closes every other descriptor, and gives up all privileges but CAP_NET_ADMIN (for a guest that has a
 * network). Afterwards nothing of the host can be reached through the process: not by /proc/PID/root, not by
 * ".." from one of its descriptors.
 *
 * Where the bundle has startContainer hooks, which are the container's own programs and run with what the
 * bundle grants them, the privileges stay until they have run: start_hooks_run, then give_up.
 */
int settle(struct container *container, struct error *error);

/* Becomes the monitor's user and gives up the privileges. */
int give_up(const struct container *container, struct error *error);

#endif
