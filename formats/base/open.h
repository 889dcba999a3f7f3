/*
 * Opening files without opening anything else.
 *
 * To open a device node, a FIFO or a socket is an act of its own: it can block, rewind a tape, take a
 * terminal. So a path that others may have prepared is first opened with O_PATH, which does nothing to the
 * file; only a regular file is then opened for reading or writing, through its descriptor, so that it cannot
 * be exchanged in between.
 */
#ifndef FORMATS_BASE_OPEN_H
#define FORMATS_BASE_OPEN_H

#include <stdint.h>
#include <sys/types.h>

#include "formats/base/error.h"

/*
 * Opens a regular file; anything else is an error that names the path (number EISDIR for a directory, ELOOP
 * for a symlink with O_NOFOLLOW, EINVAL for the rest) and is not touched. `flags` are an access mode of
 * open(2) and, where wanted, O_APPEND or O_NOFOLLOW; O_CLOEXEC is added. For paths of the host, relative to
 * `dirfd` (AT_FDCWD allowed); a path from an image goes through beneath.h. Returns a descriptor the caller
 * owns, or -1.
 */
int open_regular(int dirfd, const char *path, int flags, struct error *error);

/* The same with the RESOLVE_ flags of openat2(2). */
int open_regular_resolved(int dirfd, const char *path, int flags, uint64_t resolve, struct error *error);

/* openat2(2) with O_CLOEXEC added: a descriptor that the caller owns, or -1 with errno. With RESOLVE_BENEATH
 * or RESOLVE_IN_ROOT an absolute path is taken under `dirfd` too. `mode` counts where the flags make a file.
 */
int open_resolved(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve);

/* Sets the error for the errno with which open_resolved failed; returns -1. */
int open_failed(const char *path, int number, struct error *error);

/* Opens what the descriptor stands for again, through /proc/self/fd: a description of its own, with another
 * access mode. Works for O_PATH descriptors and for files without a name. Returns -1 with errno, ENOENT where
 * there is no /proc. */
int reopen_descriptor(int fd, int flags);

#endif
