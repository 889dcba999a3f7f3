/* One image in the cache of rootfs_cache.h: its name, its seal, and whether it is still what was sealed. */
#ifndef RUNTIME_STORAGE_CACHED_IMAGE_H
#define RUNTIME_STORAGE_CACHED_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "formats/base/error.h"
#include "runtime/storage/rootfs_key.h"

#define CACHED_IMAGE_SUFFIX ".ext2"

/* "<64 digits>.ext2"; owned by the caller. */
char *cached_image_name(const struct rootfs_key *key);

/*
 * Seals a complete image: what it was made from and its size go into the first 1,024 bytes, which ext2 leaves
 * to boot loaders (Linux, Documentation/filesystems/ext4/overview.rst), and its modification time becomes a
 * moment that no later write leaves as it is. It may then be read by its owner alone.
 */
int cached_image_seal(int fd, const struct rootfs_key *key, struct error *error);

/* Opens the image of that key for reading and marks it as used now. -1 where there is none; one that is not
 * as it was sealed (cut off, written to, another file) counts as none, and is removed where `remove`. */
int cached_image_open(int cache, const struct rootfs_key *key, bool remove);

/* Removes images, those unused for longest first, until the rest take at most `limit` bytes; that of `keep`
 * stays. Files that were not finished go too. */
void cached_images_trim(int cache, uint64_t limit, const char *keep);

#endif
