/*
 * Images of rootfs that guests cannot be given otherwise: ext2, made on the fly and kept.
 *
 * The cache is one directory, its owner's alone, because what is in it is as secret as the containers' files.
 * An image's name is the key of what it was made from (rootfs_key.h). It gets its name when it is complete
 * and on disk; until then it has none, so a process that is killed leaves nothing. Who makes an image holds a
 * lock, and others that want the same wait for it. An image that is there is never written: guests write to a
 * layer of their own (writable_layer.h). Those that were not used for longest are removed where all of them
 * take more than the limit; a guest that still has one keeps it until it ends.
 */
#ifndef RUNTIME_STORAGE_ROOTFS_CACHE_H
#define RUNTIME_STORAGE_ROOTFS_CACHE_H

#include <stdbool.h>

#include "formats/base/error.h"
#include "runtime/sandbox/namespaces/namespaces.h"
#include "runtime/storage/rootfs_cache_config.h"

/* What an image is made from; all borrowed. */
struct rootfs_source {
    const char *name; /* for messages: its path on the host */
    int mounted;      /* the rootfs, opened where it is mounted */
    int root;         /* a detached mount of it alone */
    const struct namespaces *namespaces;
};

struct rootfs_image {
    int fd;    /* owned; for reading, unless `own` */
    bool own;  /* nobody else has it: it did not fit into the cache, and may be written */
    bool made; /* it was not in the cache */
};
#define ROOTFS_IMAGE_NONE ((struct rootfs_image){.fd = -1})

/* Opens the cache's directory, which is made where it is missing. An error where it is a symlink, belongs to
 * somebody else or is open to others. The caller owns the descriptor. */
int rootfs_cache_open(const struct rootfs_cache_config *config, struct error *error);

/* Opens the image of the source, which is made where the cache has none that is whole. */
int rootfs_cache_take(int cache, const struct rootfs_cache_config *config, const struct rootfs_source *source,
                      struct rootfs_image *image, struct error *error);

#endif
