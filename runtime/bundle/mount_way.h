/*
 * How each mount of a bundle reaches the guest. docs/mounts.md is this table for people.
 *
 * A guest has a kernel of its own: nothing is mounted for it, it is given what it can mount.
 */
#ifndef RUNTIME_BUNDLE_MOUNT_WAY_H
#define RUNTIME_BUNDLE_MOUNT_WAY_H

#include "runtime/bundle/mounts.h"

enum mount_way {
    MOUNT_WAY_OWN,     /* nothing is given: the guest has its own, or goes without (a usual mount) */
    MOUNT_WAY_TMPFS,   /* the guest makes a tmpfs, with the mount's options */
    MOUNT_WAY_ARCHIVE, /* a copy in the archive of the guest's files */
    MOUNT_WAY_DISK,    /* a disk that the guest mounts */
    MOUNT_WAY_NODE,    /* a disk that the guest does not mount: it has the device's name */
    MOUNT_WAY_SHARE,   /* a directory of the host that the guest mounts: virtiofs, 9p */
};

/* What guest and monitor can take. */
struct mount_abilities {
    bool archive;
    bool tmpfs;
    bool disks;
    bool nodes; /* names for disks */
    bool shares;
};

/* What stands behind a bind mount. */
struct mount_source {
    mode_t type;         /* S_IFMT of its mode */
    bool holds_a_system; /* a regular file with a file system in it: a disk's image */
    bool fits;           /* it is, or is made of, small files, directories and symlinks alone */
};

/* Chooses. `source` counts for bind mounts. An error names the mount and why the guest cannot have it. */
int mount_way_choose(const struct bundle_mount *mount, const struct mount_source *source,
                     const struct mount_abilities *abilities, enum mount_way *way, struct error *error);

/* True if the engine makes this mount for every container, so that a guest that cannot have it goes without.
 */
bool mount_is_usual(const struct bundle_mount *mount);

/* True for the init that `podman run --init` and `docker run --init` mount and put in front of process.args.
 */
bool mount_is_engine_init(const struct bundle_mount *mount);

/* True if a copy would do: of a writable mount only a usual one, whose changes nobody waits for. */
bool mount_may_be_copied(const struct bundle_mount *mount);

#endif
