#include "runtime/bundle/mount_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/open.h"
#include "formats/base/path.h"

enum { NOBODY = 65534 }; /* what a user namespace shows where it maps nothing */

enum outcome {
    READ,
    DOES_NOT_FIT,
    FAILED,
};

struct reader {
    const struct bundle_mount *mount;
    const struct namespaces *namespaces;
    struct mount_tree_room room;
};

static uint32_t map_back(const struct id_mappings *mappings, uint32_t id)
{
    int64_t inside = id_mappings_inside(mappings, id);
    return inside >= 0 ? (uint32_t)inside : NOBODY;
}

static void set_owner(const struct reader *reader, const struct stat *status, struct inode *inode)
{
    const struct namespaces *namespaces = reader->namespaces;
    inode->uid = status->st_uid;
    inode->gid = status->st_gid;
    if (reader->mount->id_mapped || !namespace_is_new(namespaces, NAMESPACE_USER))
        return;
    inode->uid = map_back(&namespaces->uid_mappings, status->st_uid);
    inode->gid = map_back(&namespaces->gid_mappings, status->st_gid);
}

static enum outcome fail(const struct reader *reader, int number, const char *name, struct error *error)
{
    error_set_errno(error, number, "config.json: mounts: %s (%s): %s", reader->mount->destination,
                    reader->mount->source, name);
    return FAILED;
}

/* The bytes are copied: what is behind the descriptor may change, and the archive's header says a size. */
static enum outcome read_content(struct reader *reader, int fd, const char *name, struct inode *inode,
                                 struct error *error)
{
    cleanup_buffer struct buffer bytes = {0};
    cleanup_close int file = reopen_descriptor(fd, O_RDONLY | O_NOCTTY);
    if (file < 0)
        return fail(reader, errno, name, error);
    struct stat status;
    if (fstat(file, &status) < 0)
        return fail(reader, errno, name, error);
    if ((uint64_t)status.st_size > reader->room.bytes)
        return DOES_NOT_FIT;
    cleanup_error struct error ignored = {0};
    if (read_all(file, (size_t)reader->room.bytes, &bytes, name, &ignored) < 0)
        return ignored.number != 0 ? fail(reader, ignored.number, name, error) : DOES_NOT_FIT;
    reader->room.bytes -= bytes.length;
    inode->content = bytes.length > 0 ? content_of_memory(bytes.data, bytes.length) : NULL;
    return READ;
}

static enum outcome read_target(struct reader *reader, int fd, const char *name, struct inode *inode,
                                struct error *error)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(fd, "", target, sizeof target);
    if (length < 0)
        return fail(reader, errno, name, error);
    if ((size_t)length >= sizeof target)
        return DOES_NOT_FIT;
    inode->target = xstrndup(target, (size_t)length);
    return READ;
}

static enum outcome read_inode(struct reader *reader, int fd, const char *name, unsigned depth,
                               struct inode **out, struct error *error);

static enum outcome read_child(struct reader *reader, int directory, const char *name, unsigned depth,
                               struct inode *parent, struct error *error)
{
    cleanup_inode struct inode *child = NULL;
    cleanup_close int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? READ : fail(reader, errno, name, error); /* removed meanwhile */
    enum outcome outcome = read_inode(reader, fd, name, depth + 1, &child, error);
    if (outcome == READ)
        tree_put(parent, name, child);
    return outcome;
}

static enum outcome read_children(struct reader *reader, int fd, const char *name, unsigned depth,
                                  struct inode *inode, struct error *error)
{
    if (depth >= MOUNT_TREE_DEPTH)
        return DOES_NOT_FIT;
    int listed = reopen_descriptor(fd, O_RDONLY | O_DIRECTORY);
    cleanup_closedir DIR *stream = listed >= 0 ? fdopendir(listed) : NULL;
    if (stream == NULL)
        return fail(reader, errno, name, error);
    for (struct dirent *entry; (errno = 0, entry = readdir(stream)) != NULL;) {
        if (path_is_dot(entry->d_name))
            continue;
        enum outcome outcome = read_child(reader, dirfd(stream), entry->d_name, depth, inode, error);
        if (outcome != READ)
            return outcome;
    }
    return errno == 0 ? READ : fail(reader, errno, name, error);
}

static enum outcome read_inode(struct reader *reader, int fd, const char *name, unsigned depth,
                               struct inode **out, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return fail(reader, errno, name, error);
    if (reader->room.entries == 0)
        return DOES_NOT_FIT;
    reader->room.entries--;
    cleanup_inode struct inode *inode = inode_new(status.st_mode);
    set_owner(reader, &status, inode);
    inode->mtime = status.st_mtim.tv_sec;
    enum outcome outcome = DOES_NOT_FIT;
    if (S_ISREG(status.st_mode))
        outcome = read_content(reader, fd, name, inode, error);
    else if (S_ISLNK(status.st_mode))
        outcome = read_target(reader, fd, name, inode, error);
    else if (S_ISDIR(status.st_mode))
        outcome = read_children(reader, fd, name, depth, inode, error);
    if (outcome == READ)
        *out = take_pointer(inode);
    return outcome;
}

struct inode *mount_tree_read(const struct bundle_mount *mount, const struct namespaces *namespaces,
                              struct mount_tree_room *room, struct error *error)
{
    struct reader reader = {.mount = mount, .namespaces = namespaces, .room = *room};
    struct inode *inode = NULL;
    if (read_inode(&reader, mount->fd, "the source", 0, &inode, error) != READ)
        return NULL;
    *room = reader.room;
    return inode;
}
