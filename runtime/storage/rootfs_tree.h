/* The container's rootfs as a tree in memory, from which an image of it is made. */
#ifndef RUNTIME_STORAGE_ROOTFS_TREE_H
#define RUNTIME_STORAGE_ROOTFS_TREE_H

#include "formats/tree/tree.h"
#include "runtime/sandbox/namespaces/namespaces.h"

enum { ROOTFS_DEPTH_MAX = 256 }; /* directories within each other: each holds a descriptor while it is read */

/*
 * Reads what lies below the directory `root`, which is nothing but the rootfs: a detached mount, without what
 * is mounted in it. Symlinks are never followed. Files stay where they are and are read when the tree is
 * written (content_of_path), so `root` must stay open for that. Owners are those that the container's user
 * namespace sees. Sockets are left out, because a file system of another machine cannot hold one. The root's
 * own time is 0: an engine makes it anew for each container.
 *
 * NULL and an error that names the path. Owned by the caller.
 */
struct inode *rootfs_tree_read(int root, const struct namespaces *namespaces, struct error *error);

#endif
