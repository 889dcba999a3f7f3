/*
 * The monitor's private root (design, section 6).
 *
 * A fresh tmpfs in a mount namespace of its own, with nothing in it but bind mounts: the monitor's program,
 * the shared libraries and data files that it needs, read-only and at the same paths as on the host; a few
 * device nodes; the guest's files under names of ours. After pivot_root(2) the host's tree is detached, so
 * neither the host nor the container's rootfs can be reached from it, and the tmpfs itself is sealed
 * read-only.
 */
#ifndef RUNTIME_SANDBOX_PRIVATE_ROOT_H
#define RUNTIME_SANDBOX_PRIVATE_ROOT_H

#include "formats/base/error.h"
#include "runtime/monitors/monitor.h"

/* A detached mount and where it goes in the root; both borrowed. */
struct private_mount {
    int tree;
    const char *path;
};

struct private_root {
    const char *program; /* absolute path on the host and in the root; borrowed */
    const struct monitor_files *files;
    const struct private_mount *mounts; /* the guest's files; borrowed */
    size_t mount_count;
};

/* Builds the root and makes it the calling process's "/" and working directory. The process must be in a
 * mount namespace of its own. Files of the monitor that do not exist are errors that name them. */
int private_root_enter(const struct private_root *plan, struct error *error);

#endif
