/* Paths in a tree: looked up as a process chrooted into its root would. */
#ifndef FORMATS_TREE_LOOKUP_H
#define FORMATS_TREE_LOOKUP_H

#include "formats/tree/tree.h"

enum tree_resolve {
    TREE_FOLLOW, /* the last component's symlinks are followed too */
    TREE_NOFOLLOW,
};

/* Looks a path up as a process chrooted into `root` would: "." and ".." and symlinks, never leaving it. NULL
 * and an error (number ENOENT, ENOTDIR, ELOOP) where it does not exist. The result is borrowed. */
struct inode *tree_lookup(struct inode *root, const char *path, enum tree_resolve how, struct error *error);

/*
 * Rewrites a path to the one without symlinks, "." or ".." that it stands for, resolving its directories in
 * `root`; components that do not exist yet stay as they are. The last component is kept as a name (not
 * followed) with TREE_NOFOLLOW. Returns "/a/b" (owned by the caller) or NULL with ELOOP, ENOTDIR.
 */
char *tree_real_path(struct inode *root, const char *path, enum tree_resolve how, struct error *error);

#endif
