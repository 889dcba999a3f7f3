/* The operator's settings for images of rootfs (docs/urunc-config.5, rootfs_cache). */
#ifndef RUNTIME_STORAGE_ROOTFS_CACHE_CONFIG_H
#define RUNTIME_STORAGE_ROOTFS_CACHE_CONFIG_H

#include <stdint.h>

#define ROOTFS_CACHE_DEFAULT_PATH "/var/cache/urunc" /* root's */

enum { ROOTFS_CACHE_DEFAULT_MIB = 10 << 10, ROOTFS_FREE_DEFAULT_MIB = 512 };

struct rootfs_cache_config {
    char *path;    /* absolute; owned */
    uint64_t size; /* bytes that the images may take together; 0: none is kept */
    uint64_t free; /* bytes that a guest finds free in its root */
};

#endif
