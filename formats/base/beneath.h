/*
 * Opening a path under a root that is not trusted.
 *
 * Everything that an image, a rootfs or a build context names is opened here and nowhere else. The kernel
 * resolves the path (openat2(2), Linux 5.6), so there is no window between check and use: what was opened is
 * what is used.
 */
#ifndef FORMATS_BASE_BENEATH_H
#define FORMATS_BASE_BENEATH_H

#include <sys/types.h>

#include "formats/base/error.h"

enum beneath_policy {
    BENEATH_IN_ROOT, /* like chroot: absolute symlinks and ".." stay inside the root (RESOLVE_IN_ROOT) */
    BENEATH_STRICT,  /* a symlink or ".." that leaves the root is an error, number EXDEV (RESOLVE_BENEATH) */
};

/*
 * Opens `path` (absolute or relative, taken under `rootfd` either way) with open(2) flags; O_CLOEXEC is
 * added. Magic links (/proc/N/fd) are never followed. `mode` is for O_CREAT. Returns a descriptor the caller
 * owns, or -1; the message names the path, error->number is the errno: EXDEV where the path leaves the root,
 * ELOOP for a loop.
 */
int beneath_open(int rootfd, const char *path, int flags, mode_t mode, enum beneath_policy policy,
                 struct error *error);

/* The same for a regular file, as open_regular (open.h) does it: a directory, device node, FIFO or socket is
 * an error and is never opened. */
int beneath_open_file(int rootfd, const char *path, int flags, enum beneath_policy policy,
                      struct error *error);

#endif
