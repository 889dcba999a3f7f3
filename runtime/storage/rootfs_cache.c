#include "runtime/storage/rootfs_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/ext2/ext2.h"
#include "runtime/storage/cached_image.h"
#include "runtime/storage/rootfs_tree.h"

/* Two changes within one tick of a file system's clock leave the same time: what changed later than that
 * before it is read may change again unseen. CONFIG_HZ is 100 at least. */
enum { CLOCK_TICK_MS = 20 };

/* ---- the directory ---- */

static int open_directory(const char *path, struct error *error)
{
    struct stat status;
    cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        if (directory_make(path, 0755, 0700, error) < 0)
            return -1;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(error, errno, "%s", path);
    if (status.st_uid != geteuid() || (status.st_mode & 077) != 0)
        return error_set(error,
                         "%s: it belongs to user %u and has mode %04o, but copies of containers' files must "
                         "be open to user %u alone: make it mode 0700",
                         path, status.st_uid, status.st_mode & 07777, geteuid());
    return take_fd(fd);
}

int rootfs_cache_open(const struct rootfs_cache_config *config, struct error *error)
{
    int fd = open_directory(config->path, error);
    if (fd < 0)
        error_prefix(error, "the cache of rootfs images");
    return fd;
}

/* ---- making an image ---- */

/* One of few, so that no lock ever has to be removed. Released with the descriptor. */
static int lock_for(int cache, const struct rootfs_key *key, struct error *error)
{
    cleanup_free char *name = xasprintf("lock-%c", *digest_hex(&key->digest));
    cleanup_close int fd = openat(cache, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_errno(error, errno, "the cache of rootfs images: %s", name);
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return error_errno(error, errno, "the cache of rootfs images: %s", name);
    return take_fd(fd);
}

static void wait_for_clock(int64_t newest)
{
    struct timespec now, tick = {.tv_nsec = CLOCK_TICK_MS * 1000000L};
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t age = now.tv_sec * INT64_C(1000000000) + now.tv_nsec - newest;
    if (age < tick.tv_nsec)
        nanosleep(&tick, NULL);
}

static char *purpose_of(const struct rootfs_cache_config *config)
{
    return xasprintf("ext2, %" PRIu64 " bytes free", config->free);
}

static int make_key(const struct rootfs_cache_config *config, const struct rootfs_source *source,
                    struct rootfs_key *key, struct error *error)
{
    cleanup_free char *purpose = purpose_of(config);
    return rootfs_key_make(source->mounted, source->root, source->namespaces, purpose, key, error);
}

static int write_image(const struct rootfs_cache_config *config, const struct rootfs_source *source,
                       const struct rootfs_key *key, int fd, struct error *error)
{
    const struct ext2_options options = {
        .label = "rootfs", .mount_point = "/", .size = config->free, .size_is_extra = true};
    struct rootfs_key after;
    wait_for_clock(key->newest);
    cleanup_inode struct inode *tree = rootfs_tree_read(source->root, source->namespaces, error);
    if (tree == NULL || ext2_write(tree, fd, "the image of the rootfs", &options, error) < 0 ||
        make_key(config, source, &after, error) < 0)
        return -1;
    if (strcmp(after.digest.text, key->digest.text) != 0)
        return error_set(error, "the rootfs was changed while its image was made");
    return cached_image_seal(fd, key, error);
}

/* The name is given at once where the file has none yet: nothing half-named can stay behind. */
static int commit(struct tempfile *file, const char *name, struct error *error)
{
    char source[64];
    if (file->name != NULL)
        return tempfile_commit(file, name, error);
    snprintf(source, sizeof source, "/proc/self/fd/%d", file->fd);
    if (fsync(file->fd) < 0 || linkat(AT_FDCWD, source, file->dirfd, name, AT_SYMLINK_FOLLOW) < 0)
        return error_errno(error, errno, "the cache of rootfs images: %s", name);
    return 0;
}

static bool fits(int fd, const struct rootfs_cache_config *config)
{
    struct stat status;
    return fstat(fd, &status) == 0 && (uint64_t)status.st_blocks * 512 <= config->size;
}

static int reopen(int fd, struct error *error)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int opened = open(path, O_RDONLY | O_CLOEXEC);
    return opened >= 0 ? opened : error_errno(error, errno, "the image of the rootfs");
}

static int make_image(int cache, const struct rootfs_cache_config *config, const struct rootfs_source *source,
                      const struct rootfs_key *key, struct rootfs_image *image, struct error *error)
{
    cleanup_tempfile struct tempfile file = TEMPFILE_NONE;
    cleanup_free char *name = cached_image_name(key);
    if (tempfile_open(&file, cache, config->path, error) < 0)
        return -1;
    if (fchmod(file.fd, 0600) < 0 || flock(file.fd, LOCK_EX | LOCK_NB) < 0)
        return error_errno(error, errno, "the cache of rootfs images");
    if (write_image(config, source, key, file.fd, error) < 0)
        return error_prefix(error, "%s", source->name);
    image->made = true;
    image->own = !fits(file.fd, config);
    if (image->own) {
        image->fd = take_fd(file.fd);
        return 0;
    }
    if (commit(&file, name, error) < 0 || (image->fd = reopen(file.fd, error)) < 0)
        return -1;
    cached_images_trim(cache, config->size, name);
    return 0;
}

int rootfs_cache_take(int cache, const struct rootfs_cache_config *config, const struct rootfs_source *source,
                      struct rootfs_image *image, struct error *error)
{
    struct rootfs_key key;
    *image = ROOTFS_IMAGE_NONE;
    if (make_key(config, source, &key, error) < 0)
        return error_prefix(error, "%s", source->name);
    image->fd = cached_image_open(cache, &key, false);
    if (image->fd >= 0)
        return 0;
    cleanup_close int lock = lock_for(cache, &key, error);
    if (lock < 0)
        return -1;
    image->fd = cached_image_open(cache, &key, true); /* somebody may have made it meanwhile */
    return image->fd >= 0 ? 0 : make_image(cache, config, source, &key, image, error);
}
