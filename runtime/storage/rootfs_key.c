#include "runtime/storage/rootfs_key.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "runtime/storage/overlay_layers.h"
#include "runtime/storage/rootfs_tree.h"

enum {
    XATTRS_MAX = 64 << 10, /* bytes: XATTR_LIST_MAX, XATTR_SIZE_MAX */
    WAITING_MAX = 64 << 10,
};

struct hashing {
    struct sink *sink;
    struct buffer waiting; /* for the digest: many small pieces cost more than what is in them */
    int64_t newest;
    /* A layer of one container, made anew for each: directories and empty files in it have other inodes and
     * times every time, so they count by what they are. */
    bool of_container;
    char *names; /* XATTRS_MAX bytes each; owned */
    char *value;
};

static void hashing_free(struct hashing *hashing)
{
    sink_free(&hashing->sink);
    buffer_free(&hashing->waiting);
    free(hashing->names);
    free(hashing->value);
}

static int flush(struct hashing *hashing, struct error *error)
{
    int status = sink_write(hashing->sink, hashing->waiting.data, hashing->waiting.length, error);
    hashing->waiting.length = 0;
    return status;
}

static int add(struct hashing *hashing, const void *bytes, size_t length, struct error *error)
{
    uint64_t size = length;
    buffer_add(&hashing->waiting, &size, sizeof size);
    buffer_add(&hashing->waiting, bytes, length);
    return hashing->waiting.length < WAITING_MAX ? 0 : flush(hashing, error);
}

static int finish(struct hashing *hashing, struct error *error)
{
    return flush(hashing, error) < 0 ? -1 : sink_finish(hashing->sink, error);
}

static int add_text(struct hashing *hashing, const char *text, struct error *error)
{
    return add(hashing, text, strlen(text), error);
}

static int64_t nanoseconds(int64_t seconds, int64_t rest)
{
    return seconds * 1000000000 + rest;
}

static int add_identity(struct hashing *hashing, const struct stat *status, struct error *error)
{
    int64_t changed = nanoseconds(status->st_ctim.tv_sec, status->st_ctim.tv_nsec);
    const int64_t identity[] = {(int64_t)status->st_dev, (int64_t)status->st_ino, status->st_size,
                                nanoseconds(status->st_mtim.tv_sec, status->st_mtim.tv_nsec), changed};
    if (changed > hashing->newest)
        hashing->newest = changed;
    return add(hashing, identity, sizeof identity, error);
}

/* Marks of overlayfs that differ between containers and change nothing that is seen. */
static bool is_private_mark(const char *name)
{
    static const char *const marks[] = {"trusted.overlay.origin", "trusted.overlay.impure",
                                        "trusted.overlay.uuid", "trusted.overlay.nlink",
                                        "trusted.overlay.upper"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strcmp(name, marks[i]) == 0)
            return true;
    return false;
}

static int add_xattrs(struct hashing *hashing, int parent, const char *name, struct error *error)
{
    cleanup_free char *path = xasprintf("/proc/self/fd/%d/%s", parent, name);
    ssize_t length = llistxattr(path, hashing->names, XATTRS_MAX);
    if (length < 0)
        return errno == EOPNOTSUPP ? 0 : error_errno(error, errno, "%s: extended attributes", name);
    for (const char *key = hashing->names; key < hashing->names + length; key += strlen(key) + 1) {
        if (is_private_mark(key))
            continue;
        ssize_t size = lgetxattr(path, key, hashing->value, XATTRS_MAX);
        if (size < 0)
            return error_errno(error, errno, "%s: extended attribute %s", name, key);
        if (add_text(hashing, key, error) < 0 || add(hashing, hashing->value, (size_t)size, error) < 0)
            return -1;
    }
    return 0;
}

static int add_target(struct hashing *hashing, int parent, const char *name, struct error *error)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(parent, name, target, sizeof target);
    if (length < 0)
        return error_errno(error, errno, "%s", name);
    return add(hashing, target, (size_t)length, error);
}

static bool counts_by_identity(const struct hashing *hashing, const struct stat *status)
{
    return !hashing->of_container || (S_ISREG(status->st_mode) && status->st_size > 0);
}

static int add_directory(struct hashing *hashing, int parent, const char *name, unsigned depth,
                         struct error *error);

static int add_entry(struct hashing *hashing, int parent, const char *name, unsigned depth,
                     struct error *error)
{
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(error, errno, "%s", name);
    const uint64_t what[] = {status.st_mode, status.st_uid, status.st_gid, status.st_rdev};
    if (add_text(hashing, name, error) < 0 || add(hashing, what, sizeof what, error) < 0)
        return -1;
    if (counts_by_identity(hashing, &status)) {
        if (add_identity(hashing, &status, error) < 0)
            return -1;
    } else if (add_xattrs(hashing, parent, name, error) < 0) {
        return -1;
    }
    if (S_ISLNK(status.st_mode))
        return add_target(hashing, parent, name, error);
    return S_ISDIR(status.st_mode) ? add_directory(hashing, parent, name, depth + 1, error) : 0;
}

static int compare_names(const void *first, const void *second)
{
    return strcmp(*(char *const *)first, *(char *const *)second);
}

static int list(int fd, struct strings *names)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    cleanup_closedir DIR *directory = copy >= 0 ? fdopendir(copy) : NULL;
    if (directory == NULL)
        return -1;
    const struct dirent *entry;
    for (errno = 0; (entry = readdir(directory)) != NULL; errno = 0)
        if (!path_is_dot(entry->d_name))
            strings_add(names, entry->d_name);
    if (errno == 0 && names->count > 0)
        qsort(names->items, names->count, sizeof *names->items, compare_names);
    return errno == 0 ? 0 : -1;
}

static int add_directory(struct hashing *hashing, int parent, const char *name, unsigned depth,
                         struct error *error)
{
    cleanup_strings struct strings names = {0};
    if (depth > ROOTFS_DEPTH_MAX)
        return error_set(error, "more than %d directories within each other", ROOTFS_DEPTH_MAX);
    cleanup_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || list(fd, &names) < 0)
        return error_errno(error, errno, "%s: cannot read the directory", name);
    for (size_t i = 0; i < names.count; i++)
        if (add_entry(hashing, fd, names.items[i], depth, error) < 0)
            return -1;
    return add_text(hashing, "", error);
}

/* A layer of an image; false where its file system does not say when it was made. */
static bool add_committed(struct hashing *hashing, const char *path, struct error *error)
{
    struct statx status;
    const unsigned wanted = STATX_BASIC_STATS | STATX_BTIME;
    if (statx(AT_FDCWD, path, 0, wanted, &status) < 0 || (status.stx_mask & wanted) != wanted)
        return false;
    const int64_t identity[] = {status.stx_dev_major, status.stx_dev_minor, (int64_t)status.stx_ino,
                                nanoseconds(status.stx_btime.tv_sec, status.stx_btime.tv_nsec),
                                nanoseconds(status.stx_ctime.tv_sec, status.stx_ctime.tv_nsec)};
    return add_text(hashing, "layer", error) == 0 && add_text(hashing, path, error) == 0 &&
           add(hashing, identity, sizeof identity, error) == 0;
}

static bool add_layers(struct hashing *hashing, const struct overlay_layers *layers, struct error *error)
{
    hashing->of_container = true;
    for (size_t i = 0; i < layers->count; i++) {
        const struct overlay_layer *layer = &layers->items[i];
        if (layer->committed ? !add_committed(hashing, layer->path, error)
                             : add_text(hashing, "own", error) < 0 ||
                                   add_directory(hashing, AT_FDCWD, layer->path, 0, error) < 0)
            return false;
    }
    return true;
}

static int add_mappings(struct hashing *hashing, const struct namespaces *namespaces, struct error *error)
{
    const struct id_mappings *uids = &namespaces->uid_mappings, *gids = &namespaces->gid_mappings;
    if (add(hashing, uids->items, uids->count * sizeof *uids->items, error) < 0)
        return -1;
    return add(hashing, gids->items, gids->count * sizeof *gids->items, error);
}

static int start(const struct namespaces *namespaces, const char *purpose, struct digest *digest,
                 struct hashing *hashing, struct error *error)
{
    hashing->sink = digest_sink(NULL, digest, NULL);
    hashing->names = xcalloc(1, XATTRS_MAX);
    hashing->value = xcalloc(1, XATTRS_MAX);
    return add_text(hashing, purpose, error) < 0 ? -1 : add_mappings(hashing, namespaces, error);
}

/* The root itself: who owns it, and what it may; an engine makes it anew for each container. */
static int add_root(struct hashing *hashing, int root, struct error *error)
{
    struct stat status;
    if (fstat(root, &status) < 0)
        return error_errno(error, errno, "the rootfs");
    const uint64_t what[] = {status.st_mode, status.st_uid, status.st_gid};
    return add(hashing, what, sizeof what, error);
}

#define cleanup_hashing __attribute__((cleanup(hashing_free)))

/* False where the rootfs is no such overlay, or something about it is odd: it is then walked. */
static bool make_of_layers(int mounted, int root, const struct namespaces *namespaces, const char *purpose,
                           struct rootfs_key *key)
{
    cleanup_error struct error ignored = {0};
    cleanup_hashing struct hashing hashing = {0};
    cleanup_overlay_layers struct overlay_layers layers = {0};
    if (!overlay_layers_find(mounted, &layers) ||
        start(namespaces, purpose, &key->digest, &hashing, &ignored) < 0 ||
        add_root(&hashing, root, &ignored) < 0 || !add_layers(&hashing, &layers, &ignored) ||
        finish(&hashing, &ignored) < 0)
        return false;
    key->newest = hashing.newest;
    return true;
}

int rootfs_key_make(int mounted, int root, const struct namespaces *namespaces, const char *purpose,
                    struct rootfs_key *key, struct error *error)
{
    cleanup_hashing struct hashing hashing = {0};
    if (make_of_layers(mounted, root, namespaces, purpose, key))
        return 0;
    if (start(namespaces, purpose, &key->digest, &hashing, error) < 0 ||
        add_root(&hashing, root, error) < 0 || add_directory(&hashing, root, ".", 0, error) < 0 ||
        finish(&hashing, error) < 0)
        return error_prefix(error, "the rootfs");
    key->newest = hashing.newest;
    return 0;
}
