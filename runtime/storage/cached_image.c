#include "runtime/storage/cached_image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"

enum {
    SEAL_SIZE = 1024,
    STALE_SECONDS = 60, /* the oldest that a file can be between its making and its lock */
};

static const struct timespec sealed_time = {.tv_sec = 1};

char *cached_image_name(const struct rootfs_key *key)
{
    return xasprintf("%s" CACHED_IMAGE_SUFFIX, digest_hex(&key->digest));
}

static void make_seal(const struct rootfs_key *key, off_t size, char seal[SEAL_SIZE])
{
    memset(seal, 0, SEAL_SIZE);
    snprintf(seal, SEAL_SIZE, "urunc rootfs 1\n%s\n%jd\n", digest_hex(&key->digest), (intmax_t)size);
}

int cached_image_seal(int fd, const struct rootfs_key *key, struct error *error)
{
    char seal[SEAL_SIZE];
    struct stat status;
    const struct timespec times[] = {{.tv_nsec = UTIME_NOW}, sealed_time};
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "the image of the rootfs");
    make_seal(key, status.st_size, seal);
    if (pwrite_all(fd, seal, sizeof seal, 0, "the image of the rootfs", error) < 0)
        return -1;
    if (fchmod(fd, 0400) < 0 || futimens(fd, times) < 0)
        return error_errno(error, errno, "the image of the rootfs");
    return 0;
}

static bool is_whole(int fd, const struct rootfs_key *key)
{
    char seal[SEAL_SIZE], found[SEAL_SIZE];
    struct stat status;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
        (status.st_mode & 077) != 0 || status.st_mtim.tv_sec != sealed_time.tv_sec ||
        status.st_mtim.tv_nsec != sealed_time.tv_nsec)
        return false;
    make_seal(key, status.st_size, seal);
    return pread_all(fd, found, sizeof found, 0) == sizeof found && memcmp(seal, found, sizeof seal) == 0;
}

int cached_image_open(int cache, const struct rootfs_key *key, bool remove)
{
    const struct timespec used_now[] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_OMIT}};
    cleanup_free char *name = cached_image_name(key);
    /* Not blocking: a FIFO of that name must not be waited for. */
    cleanup_close int fd = openat(cache, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && is_whole(fd, key)) {
        futimens(fd, used_now); /* who cannot mark it only has it removed earlier */
        return take_fd(fd);
    }
    if (remove)
        unlinkat(cache, name, 0);
    return -1;
}

/* ---- removing ---- */

struct kept_image {
    char *name; /* owned */
    uint64_t bytes;
    struct timespec used;
};

struct kept_images {
    struct kept_image *items; /* owned */
    size_t count;
    uint64_t bytes;
};

static void kept_images_free(struct kept_images *images)
{
    for (size_t i = 0; i < images->count; i++)
        free(images->items[i].name);
    free(images->items);
}

static int compare_use(const void *first, const void *second)
{
    const struct timespec *a = &((const struct kept_image *)first)->used,
                          *b = &((const struct kept_image *)second)->used;
    if (a->tv_sec != b->tv_sec)
        return a->tv_sec < b->tv_sec ? -1 : 1;
    return a->tv_nsec == b->tv_nsec ? 0 : (a->tv_nsec < b->tv_nsec ? -1 : 1);
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t length = strlen(name), bytes = strlen(suffix);
    return length > bytes && strcmp(name + length - bytes, suffix) == 0;
}

/* A file in the making has a name only where the file system has no O_TMPFILE; its maker holds a lock. */
static void remove_unfinished(int cache, const char *name, const struct stat *status)
{
    if (status->st_ctim.tv_sec + STALE_SECONDS > time(NULL))
        return;
    cleanup_close int fd = openat(cache, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(cache, name, 0);
}

static void add_image(int cache, const char *name, struct kept_images *images)
{
    struct stat status;
    if (fstatat(cache, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode))
        return;
    if (ends_with(name, ".tmp"))
        remove_unfinished(cache, name, &status);
    if (!ends_with(name, CACHED_IMAGE_SUFFIX))
        return;
    uint64_t bytes = (uint64_t)status.st_blocks * 512;
    images->items = xreallocarray(images->items, images->count + 1, sizeof *images->items);
    images->items[images->count++] =
        (struct kept_image){.name = xstrdup(name), .bytes = bytes, .used = status.st_atim};
    images->bytes += bytes;
}

static void list_images(int cache, struct kept_images *images)
{
    int fd = openat(cache, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_closedir DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL)
        add_image(cache, entry->d_name, images);
    if (images->count > 0)
        qsort(images->items, images->count, sizeof *images->items, compare_use);
}

void cached_images_trim(int cache, uint64_t limit, const char *keep)
{
    __attribute__((cleanup(kept_images_free))) struct kept_images images = {0};
    list_images(cache, &images);
    for (size_t i = 0; i < images.count && images.bytes > limit; i++) {
        if (strcmp(images.items[i].name, keep) == 0 || unlinkat(cache, images.items[i].name, 0) < 0)
            continue;
        images.bytes -= images.items[i].bytes;
    }
}
