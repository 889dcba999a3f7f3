/*
 * The monitor's private root (docs/architecture.md, "The private root").
 *
 * A fresh tmpfs in a mount namespace of its own. It holds bind mounts: the monitor's program, the shared
 * libraries and data files that it needs, read-only and at the same paths as on the host; a few device nodes;
 * the guest's files under names of ours. After pivot_root(2) the host's tree is detached, so neither the host
 * nor the container's rootfs can be reached from it, and the tmpfs itself is sealed read-only.
 *
 * Files that are made for the monitor later (a configuration of what only `start` knows) go into one
 * directory, through a descriptor that the monitor does not get.
 */
#ifndef RUNTIME_SANDBOX_ROOT_PRIVATE_ROOT_H
#define RUNTIME_SANDBOX_ROOT_PRIVATE_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

/* The directory of generated files in the root. */
#define PRIVATE_ROOT_GENERATED "/generated"

/* A detached mount and where it goes in the root; both borrowed. */
struct private_mount {
    int tree;
    const char *path;
};

/* A regular file, opened for reading, that is copied into the root; all borrowed. Its mode is 0444. */
struct private_copy {
    int fd;          /* -1: none, where something stands behind it */
    uint64_t length; /* how many of its bytes, where something stands behind it */
    int behind;      /* a second file, whose bytes follow; -1: none, and the whole first one is copied */
    const char *path;
    bool program; /* its bytes may be executed */
};

/* All of it is borrowed. Paths are absolute, and the same on the host and in the root. */
struct private_root {
    const char *program;
    const struct strings *data;    /* files and directories, read-only; may be NULL, like the next two */
    const struct strings *modules; /* shared objects that the program loads by itself, read-only */
    const struct strings *devices; /* device nodes */
    /* Of the devices those of which the root gets nodes of its own, that belong to uid and gid alone; where
     * the kernel lets nobody make nodes (a user namespace) they are the host's; may be NULL. */
    const struct strings *own_devices;
    const struct private_mount *mounts;
    size_t mount_count;
    const struct private_copy *copies;
    size_t copy_count;
    /* Where files will be generated: gets the descriptor (owned, close-on-exec) for private_root_generate,
     * from which nothing but that directory can be reached. NULL: there is no such directory; making it and
     * taking it down costs a grace period of the kernel at each start. */
    int *generated;
    bool proc;                          /* a /proc of the calling process's PID namespace, read-only */
    const char *writable;               /* a directory that uid alone may use, and write to; or NULL */
    const struct strings *placeholders; /* empty files, on which others can be mounted later; may be NULL */
    const char *label;                  /* linux.mountLabel, or NULL */
    uid_t uid;                          /* of the monitor, who also calls private_root_generate */
    gid_t gid;
};

/* Builds the root and makes it the calling process's "/" and working directory. The process must be in a
 * mount namespace of its own. Files of the monitor that do not exist are errors that name them. */
int private_root_enter(const struct private_root *plan, struct error *error);

/* Makes a file that everybody may read, at `path`, a name right below PRIVATE_ROOT_GENERATED. An error where
 * `generated` is -1. */
int private_root_generate(int generated, const char *path, const void *bytes, size_t length,
                          struct error *error);

#endif
