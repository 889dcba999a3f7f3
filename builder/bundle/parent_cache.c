/*
 * Levels are a chain of open directories, each at the end of a part of `path`. A path that continues one of
 * them with a single name costs one openat; any other is resolved by the kernel from the root in one call,
 * so no more than that is ever trusted to the cache. Missing directories are made downwards from the last one
 * that exists, which a binary search finds: its cost, and with it a hostile image's, is linear in the path.
 */
#include "builder/bundle/parent_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/beneath.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

static void drop_levels(struct parent_cache *cache, size_t count)
{
    while (cache->count > count)
        close(cache->levels[--cache->count].fd);
}

/* True where the first `length` bytes of the path are the level's directory or one above it. */
static bool is_on_the_way(const struct parent_cache *cache, const struct parent_level *level,
                          const char *path, size_t length)
{
    return level->length <= length && memcmp(cache->path, path, level->length) == 0 &&
           (level->length == length || path[level->length] == '/');
}

static void keep_common_levels(struct parent_cache *cache, const char *path, size_t length)
{
    if (take(cache->stale, false))
        drop_levels(cache, 0);
    while (cache->count > 0 && !is_on_the_way(cache, &cache->levels[cache->count - 1], path, length))
        drop_levels(cache, cache->count - 1);
    free(cache->path);
    cache->path = xstrndup(path, length);
}

static size_t innermost_length(const struct parent_cache *cache)
{
    return cache->count > 0 ? cache->levels[cache->count - 1].length : 0;
}

static int innermost(const struct parent_cache *cache)
{
    return cache->count > 0 ? cache->levels[cache->count - 1].fd : cache->root;
}

/* Takes the descriptor over. The outermost level makes room. */
static int push_level(struct parent_cache *cache, size_t length, int fd)
{
    if (cache->count == PARENT_CACHE_LEVELS) {
        close(cache->levels[0].fd);
        memmove(cache->levels, cache->levels + 1, --cache->count * sizeof *cache->levels);
    }
    cache->levels[cache->count++] = (struct parent_level){length, fd};
    return fd;
}

/* Resolves the first `length` bytes of the path from the root. */
static int open_prefix(struct parent_cache *cache, size_t length, struct error *error)
{
    cleanup_free char *prefix = xstrndup(cache->path, length);
    int fd = beneath_open(cache->root, prefix, O_PATH | O_DIRECTORY, 0, BENEATH_IN_ROOT, error);
    return fd >= 0 ? push_level(cache, length, fd) : -1;
}

/* The end of a component between `low` and `high`, near the middle; `low` where there is none. */
static size_t middle_boundary(const char *path, size_t low, size_t high)
{
    size_t middle = low + (high - low) / 2;
    for (size_t i = middle; i > low; i--)
        if (path[i] == '/')
            return i;
    for (size_t i = middle + 1; i < high; i++)
        if (path[i] == '/')
            return i;
    return low;
}

/* Opens the longest beginning of the path that exists, knowing that the whole path does not. Where a
 * beginning is missing, longer ones are too. */
static int open_longest_existing(struct parent_cache *cache, struct error *error)
{
    size_t low = innermost_length(cache);
    size_t high = strlen(cache->path);
    size_t middle;
    while ((middle = middle_boundary(cache->path, low, high)) > low) {
        if (open_prefix(cache, middle, error) >= 0) {
            low = middle;
            continue;
        }
        if (error->number != ENOENT)
            return -1;
        error_clear(error);
        high = middle;
    }
    return 0;
}

/* Makes one directory in the innermost level. `end` is the end of its name in the path. */
static int make_level(struct parent_cache *cache, size_t start, size_t end, struct error *error)
{
    cleanup_free char *name = xstrndup(cache->path + start, end - start);
    if (mkdirat(innermost(cache), name, 0755) < 0) {
        /* Anything but a symlink that leads nowhere exists when the kernel resolves it. */
        if (errno == EEXIST)
            return error_numbered(error, ENOTDIR, "%s: a broken symlink stands in the way", name);
        return error_errno(error, errno, "%s: make a directory", name);
    }
    cleanup_close int fd = openat(innermost(cache), name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(error, errno, "%s: open a directory", name);
    directory_log_add(cache->log, status.st_ino, &(struct directory_metadata){.mentioned = false});
    return push_level(cache, end, take_fd(fd));
}

static int make_missing(struct parent_cache *cache, struct error *error)
{
    if (open_longest_existing(cache, error) < 0)
        return -1;
    size_t length = strlen(cache->path);
    while (innermost_length(cache) < length) {
        size_t start = innermost_length(cache);
        start += start > 0;
        if (make_level(cache, start, start + strcspn(cache->path + start, "/"), error) < 0)
            return -1;
    }
    return innermost(cache);
}

/* The directory `name` in the innermost level, unless it is missing or no directory. */
static int open_next(struct parent_cache *cache, const char *name)
{
    int fd = openat(innermost(cache), name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 ? push_level(cache, strlen(cache->path), fd) : -1;
}

int parent_cache_open(struct parent_cache *cache, const char *path, size_t length, bool make,
                      struct error *error)
{
    keep_common_levels(cache, path, length);
    size_t known = innermost_length(cache);
    if (known == length)
        return innermost(cache);
    const char *rest = cache->path + known + (known > 0);
    if (strchr(rest, '/') == NULL && open_next(cache, rest) >= 0)
        return innermost(cache);
    int fd = open_prefix(cache, length, error);
    if (fd >= 0 || error->number != ENOENT || !make)
        return fd;
    error_clear(error);
    return make_missing(cache, error);
}

void parent_cache_invalidate(struct parent_cache *cache)
{
    cache->stale = true;
}

void parent_cache_free(struct parent_cache *cache)
{
    drop_levels(cache, 0);
    free(take_pointer(cache->path));
}
