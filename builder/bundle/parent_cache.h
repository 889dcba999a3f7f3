/* The directories in which entries are made, kept open: an image's entries come in groups, and each level
 * of a deep tree is looked up once instead of once for each entry below it. */
#ifndef BUILDER_BUNDLE_PARENT_CACHE_H
#define BUILDER_BUNDLE_PARENT_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "builder/bundle/directory_log.h"
#include "formats/base/error.h"

enum { PARENT_CACHE_LEVELS = 32 }; /* the innermost ones; bounds the descriptors */

struct parent_level {
    size_t length; /* of the directory's path, which is the beginning of the cache's */
    int fd;        /* O_PATH */
};

/* Start with PARENT_CACHE(root, log). */
struct parent_cache {
    int root;                                        /* borrowed */
    struct directory_log *log;                       /* borrowed: gets the directories that the cache makes */
    char *path;                                      /* of the innermost level */
    struct parent_level levels[PARENT_CACHE_LEVELS]; /* outermost first */
    size_t count;
    bool stale; /* a path may lead elsewhere by now */
};
#define PARENT_CACHE(root, log) ((struct parent_cache){(root), (log), NULL, {{0}}, 0, false})

/*
 * The directory `path` (its first `length` bytes: clean, relative, without "..", "" for the root itself) as a
 * borrowed descriptor that is valid until the next call. Symlinks on the way lead as they do after chroot.
 * With `make`, directories that are missing are made with mode 0755. -1 on error: number ENOENT where it is
 * missing, ENOTDIR where something else stands in the way.
 */
int parent_cache_open(struct parent_cache *cache, const char *path, size_t length, bool make,
                      struct error *error);

/* To be called where a directory or a symlink was removed. Descriptors stay open until the next call of
 * parent_cache_open. */
void parent_cache_invalidate(struct parent_cache *cache);

void parent_cache_free(struct parent_cache *cache);

#endif
