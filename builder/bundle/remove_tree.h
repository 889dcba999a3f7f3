/* Removing what was unpacked from an image, however deep and however named. */
#ifndef BUILDER_BUNDLE_REMOVE_TREE_H
#define BUILDER_BUNDLE_REMOVE_TREE_H

#include "formats/base/error.h"

/* Removes `name` (one component) under `dirfd` and all below it. Symlinks are removed, never followed. A
 * missing entry is not an error. Time follows the number of entries, the number of descriptors is fixed. */
int remove_tree(int dirfd, const char *name, struct error *error);

#endif
