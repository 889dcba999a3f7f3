/* Owner, mode, times and extended attributes of what a layer brings. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "builder/bundle/directory_walk.h"
#include "builder/bundle/unpacker.h"
#include "formats/base/cleanup.h"

struct timespec unpack_mtime(struct archive_entry *entry)
{
    struct timespec time = {0};
    if (archive_entry_mtime_is_set(entry)) {
        time.tv_sec = archive_entry_mtime(entry);
        long nanoseconds = archive_entry_mtime_nsec(entry);
        time.tv_nsec = nanoseconds >= 0 && nanoseconds < 1000000000 ? nanoseconds : 0;
    }
    return time;
}

/* True for attributes that mean something on another machine. Only root can give file capabilities. */
static bool is_kept(const struct unpacker *unpacker, const char *name)
{
    return strncmp(name, "user.", 5) == 0 ||
           (unpacker->privileged && strcmp(name, "security.capability") == 0);
}

static int set_xattrs(struct unpacker *unpacker, int fd, struct archive_entry *entry, struct error *error)
{
    const char *name;
    const void *value;
    size_t length;
    archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &name, &value, &length) == ARCHIVE_OK) {
        if (name == NULL || !is_kept(unpacker, name))
            continue;
        if (fsetxattr(fd, name, value, length, 0) == 0)
            continue;
        /* The filesystem has none, or we are root in a user namespace only. */
        if (errno != EOPNOTSUPP && errno != EPERM)
            return error_errno(error, errno, "extended attribute %s", name);
        unpacker->xattrs_left_out++;
    }
    return 0;
}

int unpack_set_owner(const struct unpacker *unpacker, int directory, const char *name,
                     struct archive_entry *entry, struct error *error)
{
    la_int64_t uid = archive_entry_uid(entry);
    la_int64_t gid = archive_entry_gid(entry);
    /* The highest number means "leave it" to chown. */
    if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
        return error_set(error, "owner %lld:%lld: out of range", (long long)uid, (long long)gid);
    if (unpacker->privileged &&
        fchownat(directory, name, (uid_t)uid, (gid_t)gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
        return error_errno(error, errno, "owner %lld:%lld", (long long)uid, (long long)gid);
    return 0;
}

int unpack_set_metadata(struct unpacker *unpacker, int fd, struct archive_entry *entry, mode_t mode,
                        struct error *error)
{
    /* The owner first: the kernel drops setuid bits and capabilities when it changes. */
    if (unpack_set_owner(unpacker, fd, "", entry, error) < 0)
        return -1;
    if (set_xattrs(unpacker, fd, entry, error) < 0)
        return -1;
    if (fchmod(fd, mode) < 0)
        return error_errno(error, errno, "mode %04o", mode);
    struct timespec times[2] = {unpack_mtime(entry), unpack_mtime(entry)};
    if (futimens(fd, times) < 0)
        return error_errno(error, errno, "time");
    return 0;
}

static int finish_directory(struct unpacker *unpacker, int fd, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "status");
    const struct directory_metadata *metadata = directory_log_find(&unpacker->directories, status.st_ino);
    if (metadata == NULL)
        return 0;
    struct timespec times[2] = {metadata->mtime, metadata->mtime};
    if (fchmod(fd, metadata->mode) < 0 || futimens(fd, times) < 0)
        return error_errno(error, errno, "mode and time");
    return 0;
}

static int finish_one(void *data, int parent, const char *name, int fd, struct error *error)
{
    (void)parent;
    return finish_directory(data, fd, error) == 0 ? 0 : error_prefix(error, "%s", name);
}

int unpack_finish_directories(struct unpacker *unpacker, struct error *error)
{
    static const struct walk_visitor finisher = {.leave = finish_one};
    directory_log_finish(&unpacker->directories);
    /* Inner directories first: an ordinary user reaches them as long as the outer ones let him. */
    if (walk_directory(unpacker->root, &finisher, unpacker, error) < 0)
        return -1;
    return finish_directory(unpacker, unpacker->root, error);
}
