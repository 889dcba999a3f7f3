/*
 * Bind mounts by descriptor: a detached copy of one file or directory (open_tree(2), Linux 5.2), with its
 * attributes set (mount_setattr(2), Linux 5.12), attached later (move_mount(2)). What was opened is what is
 * mounted, whatever happens to its name in between.
 */
#ifndef RUNTIME_SANDBOX_MOUNTS_H
#define RUNTIME_SANDBOX_MOUNTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "formats/base/error.h"

enum mount_flags {
    MOUNT_WRITABLE = 1 << 0,    /* otherwise read-only */
    MOUNT_PROGRAMS = 1 << 1,    /* otherwise noexec */
    MOUNT_DEVICES = 1 << 2,     /* otherwise nodev; always nosuid */
    MOUNT_NEW_DEVICES = 1 << 4, /* the same where the file system itself is mounted nodev */
    MOUNT_RECURSIVE = 1 << 3,   /* with what is mounted in it, whose attributes stay */
};

/* A detached mount of what is opened; `name` stands in errors. Returns a descriptor (owned, close-on-exec).
 */
int mount_detached_fd(int fd, const char *name, unsigned flags, struct error *error);
/* The same of a trusted path of the host; symlinks are followed. error->number is the errno. */
int mount_detached_path(const char *path, unsigned flags, struct error *error);

/* The same of a file beneath the directory `root`. */
int mount_detached_at(int root, const char *path, unsigned flags, struct error *error);

/* Lets files of the user `owner` in a detached mount appear as `user`'s (an idmapped mount,
 * mount_setattr(2)), and files that `user` writes be the owner's. Their group stays. Returns -1 and errno
 * where the kernel or the file system cannot. The IDs are those of the calling process's user namespace. */
int mount_map_owner(int tree, uid_t owner, gid_t group, uid_t user);

/* A new detached tmpfs, all of it with that SELinux label where it is not NULL. */
int mount_detached_tmpfs(const char *size, const char *inodes, const char *label, struct error *error);

/* A new detached /proc of the calling process's PID namespace, read-only. */
int mount_detached_proc(struct error *error);

/* Attaches a detached mount at `path` beneath the directory `root` (AT_FDCWD for a host path). */
int mount_attach(int tree, int root, const char *path, struct error *error);

/* Mounts the file at `path` beneath the directory `root` over itself, read-only, so that it may be executed
 * where the mount that it is on forbids that. */
int mount_allow_programs(int root, const char *path, struct error *error);

/* Makes an attached mount the calling process's root and working directory, and detaches the old root. */
int mount_pivot(int root, struct error *error);

/* Makes a mount (the one that `fd` is the root of) read-only, nosuid, nodev and noexec. */
int mount_seal(int fd, struct error *error);

#endif
