/* Making entries: each anew under its parent's descriptor, so that nothing is written through what a lower
 * layer or an earlier entry put there. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "builder/bundle/remove_tree.h"
#include "builder/bundle/unpacker.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"

/* Removes what stands in an entry's way. */
static int make_room(struct unpacker *unpacker, int parent, const char *name, struct error *error)
{
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : error_errno(error, errno, "status");
    /* Paths may have led through it. */
    if (S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode))
        parent_cache_invalidate(&unpacker->parents);
    return remove_tree(parent, name, error);
}

static int remember(struct unpacker *unpacker, int directory, const char *name, struct error *error)
{
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
        return error_errno(error, errno, "status");
    inode_set_add(&unpacker->made, status.st_ino);
    return 0;
}

static int write_data(struct layer_reader *reader, int fd, struct archive_entry *entry, struct error *error)
{
    const void *bytes;
    size_t length;
    int64_t offset;
    int result;
    while ((result = layer_reader_data(reader, &bytes, &length, &offset, error)) > 0)
        if (pwrite_all(fd, bytes, length, (off_t)offset, "data", error) < 0)
            return -1;
    if (result < 0)
        return -1;
    /* A hole at the end has no data block. */
    struct stat status;
    la_int64_t size = archive_entry_size(entry);
    if (fstat(fd, &status) == 0 && status.st_size < size && ftruncate(fd, size) < 0)
        return error_errno(error, errno, "size");
    return 0;
}

static int make_file(struct unpacker *unpacker, struct layer_reader *reader, struct archive_entry *entry,
                     const struct destination *destination, struct error *error)
{
    cleanup_close int fd = openat(destination->parent, destination->name,
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_errno(error, errno, "create");
    if (write_data(reader, fd, entry, error) < 0 || remember(unpacker, fd, "", error) < 0)
        return -1;
    return unpack_set_metadata(unpacker, fd, entry, archive_entry_perm(entry) & 07777, error);
}

/* A directory that exists stays, with what is in it; only its metadata is this layer's. */
static int make_directory(struct unpacker *unpacker, struct archive_entry *entry,
                          const struct destination *destination, struct error *error)
{
    const char *name = *destination->name != '\0' ? destination->name : ".";
    struct stat status;
    if (fstatat(destination->parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(status.st_mode)) {
        if (make_room(unpacker, destination->parent, name, error) < 0)
            return -1;
        if (mkdirat(destination->parent, name, 0700) < 0)
            return error_errno(error, errno, "create");
    }
    cleanup_close int fd = openat(destination->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(error, errno, "open");
    mode_t mode = archive_entry_perm(entry) & 07777;
    struct directory_metadata metadata = {true, mode, unpack_mtime(entry)};
    directory_log_add(&unpacker->directories, status.st_ino, &metadata);
    inode_set_add(&unpacker->made, status.st_ino);
    return unpack_set_metadata(unpacker, fd, entry, mode | 0700, error);
}

static int make_symlink(struct unpacker *unpacker, struct archive_entry *entry,
                        const struct destination *destination, struct error *error)
{
    const char *target = archive_entry_symlink(entry);
    if (target == NULL || *target == '\0')
        return error_set(error, "a symbolic link without a target");
    if (symlinkat(target, destination->parent, destination->name) < 0)
        return error_errno(error, errno, "symbolic link");
    if (unpack_set_owner(unpacker, destination->parent, destination->name, entry, error) < 0)
        return -1;
    struct timespec times[2] = {unpack_mtime(entry), unpack_mtime(entry)};
    utimensat(destination->parent, destination->name, times, AT_SYMLINK_NOFOLLOW);
    return remember(unpacker, destination->parent, destination->name, error);
}

/* The linked file is found like any other path, and a symlink at its end is not followed. */
static int make_hard_link(struct unpacker *unpacker, const char *linked_path,
                          const struct destination *destination, struct error *error)
{
    /* Finding the linked file may close the destination's parent. */
    cleanup_close int parent = fcntl(destination->parent, F_DUPFD_CLOEXEC, 0);
    cleanup_destination struct destination linked = {.parent = -1};
    if (parent < 0 || destination_find(unpacker, linked_path, false, &linked, error) < 0)
        return error_prefix(error, "hard link to %s", linked_path);
    struct stat status;
    if (fstatat(linked.parent, linked.name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(error, errno, "hard link to %s", linked_path);
    struct stat own;
    if (fstatat(parent, destination->name, &own, AT_SYMLINK_NOFOLLOW) == 0) {
        if (own.st_ino == status.st_ino)
            return 0; /* to itself */
        if (make_room(unpacker, parent, destination->name, error) < 0)
            return -1;
    }
    if (linkat(linked.parent, linked.name, parent, destination->name, 0) < 0)
        return error_errno(error, errno, "hard link to %s", linked_path);
    inode_set_add(&unpacker->made, status.st_ino);
    return 0;
}

/* A device or a FIFO. It is made, never opened. */
static int make_node(struct unpacker *unpacker, struct archive_entry *entry,
                     const struct destination *destination, struct error *error)
{
    mode_t type = archive_entry_filetype(entry);
    bool is_device = type == AE_IFCHR || type == AE_IFBLK;
    dev_t device = is_device ? makedev((unsigned)archive_entry_rdevmajor(entry),
                                       (unsigned)archive_entry_rdevminor(entry))
                             : 0;
    if (is_device && !unpacker->privileged) {
        unpacker->devices_left_out++;
        return 0;
    }
    if (mknodat(destination->parent, destination->name, (is_device ? type : S_IFIFO) | 0600, device) < 0) {
        if (!is_device || errno != EPERM)
            return error_errno(error, errno, "create");
        unpacker->devices_left_out++; /* root in a user namespace */
        return 0;
    }
    if (unpack_set_owner(unpacker, destination->parent, destination->name, entry, error) < 0)
        return -1;
    /* It was made a moment ago in a directory that only this process writes to, so it is not a symlink. */
    if (fchmodat(destination->parent, destination->name, archive_entry_perm(entry) & 07777, 0) < 0)
        return error_errno(error, errno, "mode");
    struct timespec times[2] = {unpack_mtime(entry), unpack_mtime(entry)};
    utimensat(destination->parent, destination->name, times, AT_SYMLINK_NOFOLLOW);
    return remember(unpacker, destination->parent, destination->name, error);
}

int unpack_entry(struct unpacker *unpacker, struct layer_reader *reader, struct archive_entry *entry,
                 const struct destination *destination, struct error *error)
{
    mode_t type = archive_entry_filetype(entry);
    const char *linked = archive_entry_hardlink(entry);
    if (*destination->name == '\0' && (linked != NULL || type != AE_IFDIR))
        return error_set(error, "the root must be a directory");
    if (linked != NULL)
        return make_hard_link(unpacker, linked, destination, error);
    if (type == AE_IFDIR)
        return make_directory(unpacker, entry, destination, error);
    if (make_room(unpacker, destination->parent, destination->name, error) < 0)
        return -1;
    switch (type) {
    case AE_IFREG:
        return make_file(unpacker, reader, entry, destination, error);
    case AE_IFLNK:
        return make_symlink(unpacker, entry, destination, error);
    case AE_IFCHR:
    case AE_IFBLK:
    case AE_IFIFO:
        return make_node(unpacker, entry, destination, error);
    default:
        return error_set(error, "an entry of unknown type");
    }
}
