/*
 * The files behind a bind mount as a tree in memory (formats/tree), to be packed for a guest.
 *
 * It is read once, at `create`, beneath the descriptor that was opened then: no symlink is followed, no
 * device, pipe or socket opened, and what changes later changes nothing.
 */
#ifndef RUNTIME_BUNDLE_MOUNT_TREE_H
#define RUNTIME_BUNDLE_MOUNT_TREE_H

#include <stdint.h>

#include "formats/tree/tree.h"
#include "runtime/bundle/mounts.h"
#include "runtime/sandbox/namespaces/namespaces.h"

enum {
    MOUNT_TREE_DEPTH = 64,      /* directories within each other */
    MOUNT_TREE_ENTRIES = 65536, /* of all trees of a container */
};

/* What all trees of a container may still take. */
struct mount_tree_room {
    uint64_t bytes;
    uint64_t entries;
};

/*
 * Returns the tree (one reference, the caller's; a directory or a regular file) with modes, owners and
 * symlinks as the container would see them; owners that `namespaces` does not map are 65534. NULL without an
 * error where it does not fit: more than `room`, or something else than files, directories and symlinks.
 * NULL and an error where it cannot be read. `room` gets less only where a tree is returned.
 */
struct inode *mount_tree_read(const struct bundle_mount *mount, const struct namespaces *namespaces,
                              struct mount_tree_room *room, struct error *error);

#endif
