/* Removing what was unpacked from an image, however deep and however named. */
#ifndef BUILDER_SOURCE_REMOVE_H
#define BUILDER_SOURCE_REMOVE_H

#include "formats/error.h"

/* Removes `name` (one component) under `dirfd` and all below it. Symlinks are removed, never followed. What
 * is not there is not missed. Uses a fixed number of descriptors whatever the depth. */
int remove_tree(int dirfd, const char *name, struct error *error);

#endif
