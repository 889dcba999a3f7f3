#include "runtime/storage/rootfs_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"

enum { XATTRS_MAX = 64 << 10 }; /* bytes of all names, and of a value: XATTR_LIST_MAX, XATTR_SIZE_MAX */

/* A file of several names. */
struct linked {
    dev_t device;
    ino_t number;
    struct inode *inode; /* borrowed: the tree holds it */
};

struct reading {
    int root;
    const struct namespaces *namespaces;
    void *linked; /* of tsearch(3); owned */
    char *names;  /* XATTRS_MAX bytes each; owned */
    char *value;
    bool named; /* the error names the path */
};

static void reading_free(struct reading *reading)
{
    tdestroy(reading->linked, free);
    free(reading->names);
    free(reading->value);
}

static int compare_linked(const void *first, const void *second)
{
    const struct linked *a = first, *b = second;
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    return a->number == b->number ? 0 : (a->number < b->number ? -1 : 1);
}

/* The place of the file's inode; an empty one where this is its first name. */
static struct inode **find_linked(struct reading *reading, const struct stat *status)
{
    struct linked *wanted = xcalloc(1, sizeof *wanted);
    *wanted = (struct linked){.device = status->st_dev, .number = status->st_ino};
    struct linked **found = tsearch(wanted, &reading->linked, compare_linked);
    if (found == NULL)
        abort(); /* out of memory, as in formats/base/memory.c */
    if (*found != wanted)
        free(wanted);
    return &(*found)->inode;
}

static int read_xattrs(const struct reading *reading, int fd, struct inode *inode, struct error *error)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = listxattr(path, reading->names, XATTRS_MAX);
    if (length < 0)
        return errno == EOPNOTSUPP ? 0 : error_errno(error, errno, "extended attributes");
    for (const char *name = reading->names; name < reading->names + length; name += strlen(name) + 1) {
        if (strncmp(name, "trusted.", 8) == 0)
            continue; /* of the host's own file system: overlayfs has marks there */
        ssize_t size = getxattr(path, name, reading->value, XATTRS_MAX);
        if (size < 0)
            return error_errno(error, errno, "extended attribute %s", name);
        inode_set_xattr(inode, name, reading->value, (size_t)size);
    }
    return 0;
}

enum { OVERFLOW_ID = 65534 }; /* of whoever the namespace does not know (Linux, kernel/user.c) */

static uint32_t inside(const struct id_mappings *mappings, uint32_t id)
{
    int64_t found = mappings->count > 0 ? id_mappings_inside(mappings, id) : id;
    return found >= 0 ? (uint32_t)found : OVERFLOW_ID;
}

static struct inode *make_inode(const struct reading *reading, const struct stat *status)
{
    struct inode *inode = inode_new(status->st_mode);
    inode->uid = inside(&reading->namespaces->uid_mappings, status->st_uid);
    inode->gid = inside(&reading->namespaces->gid_mappings, status->st_gid);
    inode->mtime = status->st_mtim.tv_sec;
    return inode;
}

static int read_target(int fd, struct inode *inode, struct error *error)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(fd, "", target, sizeof target);
    if (length < 0 || length == sizeof target)
        return error_errno(error, length < 0 ? errno : ENAMETOOLONG, "a symlink");
    inode->target = xstrndup(target, (size_t)length);
    return 0;
}

static int read_other(struct reading *reading, int fd, const char *path, const struct stat *status,
                      struct inode *inode, struct error *error)
{
    if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode))
        inode->device = status->st_rdev;
    if (S_ISLNK(status->st_mode))
        return read_target(fd, inode, error);
    if (!S_ISREG(status->st_mode) || status->st_size == 0)
        return 0;
    inode->content = content_of_path(reading->root, path, error);
    return inode->content != NULL ? 0 : -1;
}

static int read_directory(struct reading *reading, int fd, const char *path, unsigned depth,
                          struct inode *directory, struct error *error);

/* Takes a reference of its own where the inode has another name already. */
static int read_entry(struct reading *reading, int parent, const char *name, const char *path, unsigned depth,
                      struct inode *directory, struct error *error)
{
    struct stat status;
    cleanup_close int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(error, errno, "status");
    if (S_ISSOCK(status.st_mode))
        return 0;
    bool several = !S_ISDIR(status.st_mode) && status.st_nlink > 1;
    struct inode **known = several ? find_linked(reading, &status) : NULL;
    if (known != NULL && *known != NULL) {
        tree_put(directory, name, *known);
        return 0;
    }
    cleanup_inode struct inode *inode = make_inode(reading, &status);
    tree_put(directory, name, inode);
    if (known != NULL)
        *known = inode;
    if (S_ISDIR(status.st_mode))
        return read_directory(reading, fd, path, depth + 1, inode, error);
    if (!S_ISLNK(status.st_mode) && read_xattrs(reading, fd, inode, error) < 0)
        return -1;
    return read_other(reading, fd, path, &status, inode, error);
}

static int read_directory(struct reading *reading, int fd, const char *path, unsigned depth,
                          struct inode *directory, struct error *error)
{
    if (depth > ROOTFS_DEPTH_MAX)
        return error_set(error, "more than %d directories within each other", ROOTFS_DEPTH_MAX);
    if (read_xattrs(reading, fd, directory, error) < 0)
        return -1;
    int opened = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_closedir DIR *list = opened >= 0 ? fdopendir(opened) : NULL;
    if (list == NULL)
        return error_errno(error, errno, "cannot read the directory");
    const struct dirent *entry;
    for (errno = 0; (entry = readdir(list)) != NULL; errno = 0) {
        if (path_is_dot(entry->d_name))
            continue;
        cleanup_free char *below = path_join(path, entry->d_name);
        if (read_entry(reading, fd, entry->d_name, below, depth, directory, error) == 0)
            continue;
        if (!reading->named)
            error_prefix(error, "/%s", below);
        reading->named = true;
        return -1;
    }
    return errno == 0 ? 0 : error_errno(error, errno, "cannot read the directory");
}

struct inode *rootfs_tree_read(int root, const struct namespaces *namespaces, struct error *error)
{
    __attribute__((cleanup(reading_free))) struct reading reading = {
        .root = root,
        .namespaces = namespaces,
        .names = xcalloc(1, XATTRS_MAX),
        .value = xcalloc(1, XATTRS_MAX),
    };
    struct stat status;
    if (fstat(root, &status) < 0) {
        error_set_errno(error, errno, "the rootfs");
        return NULL;
    }
    cleanup_inode struct inode *tree = make_inode(&reading, &status);
    tree->mtime = 0;
    if (read_directory(&reading, root, "", 0, tree, error) < 0) {
        error_prefix(error, "the rootfs");
        return NULL;
    }
    return take_pointer(tree);
}
