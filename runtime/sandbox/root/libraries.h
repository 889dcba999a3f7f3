/*
 * Which files a program needs to be loaded: its interpreter and its shared libraries, theirs too, found as
 * the dynamic loader finds them (ld.so(8)).
 */
#ifndef RUNTIME_SANDBOX_ROOT_LIBRARIES_H
#define RUNTIME_SANDBOX_ROOT_LIBRARIES_H

#include <stddef.h>
#include <stdint.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

#define LD_CACHE_PATH "/etc/ld.so.cache"

/* The loader's cache, mapped; bytes NULL where there is none. */
struct ld_cache {
    const unsigned char *bytes;
    size_t length;
};

void ld_cache_open(const char *path, struct ld_cache *cache);
void ld_cache_close(struct ld_cache *cache);
/* Adds the absolute paths that the cache has for a library's name. A broken cache yields nothing. */
void ld_cache_find(const struct ld_cache *cache, const char *name, struct strings *paths);

/*
 * Adds to `files` (whose entries are known and not added again) what `program`, an absolute path, needs; not
 * the program itself. Paths are as the loader will ask for them, symlinks unresolved. A library that is found
 * nowhere is an error.
 */
int libraries_find(const struct ld_cache *cache, const char *program, struct strings *files,
                   struct error *error);

#endif
