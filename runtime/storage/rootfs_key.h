/*
 * What identifies the content of a rootfs without reading it: the name of its image in the cache.
 *
 * Of a file that is what no program can keep when it changes the bytes: device, inode and change time, beside
 * size, mode and owner. Everything else is small, and stands for itself. Where the rootfs is an overlay over
 * layers of an engine's store, which are never changed, these count as a whole, each by its directory's
 * device, inode, birth and change times, and only the container's own layer is walked: so a second container
 * of an image finds the first one's in the time of a few system calls.
 *
 * Nothing that an image says can make two keys the same: all of it goes through SHA-256, with lengths.
 */
#ifndef RUNTIME_STORAGE_ROOTFS_KEY_H
#define RUNTIME_STORAGE_ROOTFS_KEY_H

#include <stdint.h>

#include "formats/base/error.h"
#include "formats/stream/digest.h"
#include "runtime/sandbox/namespaces/namespaces.h"

struct rootfs_key {
    struct digest digest;
    int64_t newest; /* change time of the newest file, in nanoseconds since 1970 */
};

/* `mounted` is the opened rootfs where the engine mounted it, `root` a detached mount of it alone (O_PATH
 * does not do: it is read). `purpose` is whatever else the image is made of. */
int rootfs_key_make(int mounted, int root, const struct namespaces *namespaces, const char *purpose,
                    struct rootfs_key *key, struct error *error);

#endif
