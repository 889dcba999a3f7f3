/* Trees for those who know no symlinks. */
#ifndef FORMATS_TREE_SYMLINKS_H
#define FORMATS_TREE_SYMLINKS_H

#include "formats/tree/tree.h"

enum {
    SYMLINKS_ENTRIES_MAX = 65536, /* of the copy */
    SYMLINKS_DEPTH_MAX = 64,      /* directories within each other, of either tree */
    SYMLINKS_HOPS_MAX = 40,       /* symlinks on the way of one name, as Linux has it (path_resolution(7)) */
};

/*
 * A copy of a directory in which each symlink is what it leads to within that directory; one that leads out
 * of it, nowhere, or to a directory that it stands in, is left out. Files share their bytes with the
 * original's. The caller's reference; NULL where the copy would have more than SYMLINKS_ENTRIES_MAX entries,
 * or more than `bytes` in its files: symlinks can multiply a small tree.
 */
struct inode *symlinks_resolve(const struct inode *directory, uint64_t bytes);

#endif
