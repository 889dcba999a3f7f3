/* startContainer hooks (runtime-spec, config.md, "startContainer Hooks"): programs of the container's own
 * rootfs. */
#ifndef RUNTIME_PROCESS_START_HOOKS_H
#define RUNTIME_PROCESS_START_HOOKS_H

#include "runtime/process/container.h"

/* True if the bundle has any. */
bool start_hooks_present(const struct container *container);

/* The rootfs with what is mounted in it, as a detached mount (owned). Nothing above it can be reached from
 * there, by no "..". Called in the container's mount namespace, while the host's tree is there. */
int start_hooks_open_rootfs(const struct bundle *bundle, struct error *error);

/* Runs them, each in a process whose root is the rootfs and which is the bundle's user, with the bundle's
 * capabilities, no_new_privs and the bundle's seccomp profile: what the hook's path names is the image's, so
 * it may do no more than a container's program. */
int start_hooks_run(struct container *container, struct error *error);

#endif
