#include "formats/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/open.h"
#include "formats/base/path.h"

int write_all(int fd, const void *bytes, size_t length, const char *name, struct error *error)
{
    const char *position = bytes;
    while (length > 0) {
        ssize_t written = write(fd, position, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_errno(error, errno, "%s: write", name);
        position += written;
        length -= (size_t)written;
    }
    return 0;
}

int pwrite_all(int fd, const void *bytes, size_t length, off_t offset, const char *name, struct error *error)
{
    const char *position = bytes;
    while (length > 0) {
        ssize_t written = pwrite(fd, position, length, offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_errno(error, errno, "%s: write", name);
        position += written;
        offset += written;
        length -= (size_t)written;
    }
    return 0;
}

ssize_t pread_all(int fd, void *bytes, size_t length, off_t offset)
{
    char *position = bytes;
    size_t total = 0;
    while (total < length) {
        ssize_t got = pread(fd, position + total, length - total, offset + (off_t)total);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        total += (size_t)got;
    }
    return (ssize_t)total;
}

int read_all(int fd, size_t limit, struct buffer *out, const char *name, struct error *error)
{
    char chunk[16384];
    size_t total = 0;
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(error, errno, "%s: read", name);
        if (got == 0)
            break;
        total += (size_t)got;
        if (total > limit)
            return error_set(error, "%s: larger than %zu bytes", name, limit);
        buffer_add(out, chunk, (size_t)got);
    }
    buffer_add(out, "", 0);
    return 0;
}

int read_file(int dirfd, const char *path, size_t limit, struct buffer *out, struct error *error)
{
    cleanup_close int fd = open_regular(dirfd, path, O_RDONLY, error);
    if (fd < 0)
        return -1;
    return read_all(fd, limit, out, path, error);
}

int directory_is_empty(int dirfd, const char *path)
{
    int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_closedir DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (directory == NULL) {
        int number = errno;
        if (fd >= 0)
            close(fd);
        errno = number;
        return -1;
    }
    errno = 0;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL)
        if (!path_is_dot(entry->d_name))
            return 0;
    return errno == 0 ? 1 : -1;
}

static int make_one(const char *path, mode_t mode, struct error *error)
{
    return mkdir(path, mode) == 0 || errno == EEXIST ? 0 : error_errno(error, errno, "%s", path);
}

int directory_make(const char *path, mode_t above, mode_t mode, struct error *error)
{
    cleanup_free char *copy = xstrdup(path);
    if (mkdir(path, mode) == 0 || errno == EEXIST)
        return 0;
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (make_one(copy, above, error) < 0)
            return -1;
        *slash = '/';
    }
    return make_one(path, mode, error);
}

char *temporary_name(struct error *error)
{
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) < 0) {
        error_errno(error, errno, "getrandom");
        return NULL;
    }
    return xasprintf(".urunc-%016llx.tmp", (unsigned long long)random);
}

int tempfile_open(struct tempfile *file, int dirfd, const char *directory_for_errors, struct error *error)
{
    *file = TEMPFILE_NONE;
    file->dirfd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file->dirfd < 0)
        return error_errno(error, errno, "%s", directory_for_errors);
    file->fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
    if (file->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL)) {
        file->name = temporary_name(error);
        if (file->name == NULL)
            return -1;
        file->fd = openat(dirfd, file->name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0644);
    }
    if (file->fd < 0) {
        int number = errno;
        tempfile_free(file);
        return error_errno(error, number, "%s: cannot create a file", directory_for_errors);
    }
    fchmod(file->fd, 0644);
    return 0;
}

/* linkat cannot replace, so an O_TMPFILE takes a hidden name first, which rename then changes. */
static int link_hidden(struct tempfile *file, struct error *error)
{
    cleanup_free char *name = temporary_name(error);
    if (name == NULL)
        return -1;
    char source[64];
    snprintf(source, sizeof source, "/proc/self/fd/%d", file->fd);
    if (linkat(AT_FDCWD, source, file->dirfd, name, AT_SYMLINK_FOLLOW) < 0)
        return error_errno(error, errno, "cannot name a temporary file");
    file->name = take_pointer(name);
    return 0;
}

/* rename(2) replaces anything but a directory; whoever names /dev/null, or /dev/stdout (a symlink into
 * /proc), did not mean to lose it. */
static int check_replaceable(const struct tempfile *file, const char *name, struct error *error)
{
    static const char proc[] = "/proc/";
    char target[sizeof proc - 1];
    struct stat status;
    if (fstatat(file->dirfd, name, &status, 0) < 0)
        return 0;
    bool into_proc = readlinkat(file->dirfd, name, target, sizeof target) == sizeof target &&
                     memcmp(target, proc, sizeof target) == 0;
    if ((S_ISREG(status.st_mode) && !into_proc) || S_ISDIR(status.st_mode))
        return 0;
    return error_set(error, "%s: not a regular file, so it is not replaced", name);
}

int tempfile_commit(struct tempfile *file, const char *name, struct error *error)
{
    if (check_replaceable(file, name, error) < 0)
        return -1;
    if (fsync(file->fd) < 0)
        return error_errno(error, errno, "%s: fsync", name);
    if (file->name == NULL && link_hidden(file, error) < 0)
        return error_prefix(error, "%s", name);
    if (renameat(file->dirfd, file->name, file->dirfd, name) < 0)
        return error_errno(error, errno, "%s: rename", name);
    free(take_pointer(file->name));
    if (fsync(file->dirfd) < 0 && errno != EINVAL)
        return error_errno(error, errno, "%s: fsync of its directory", name);
    return 0;
}

void tempfile_free(struct tempfile *file)
{
    if (file->name != NULL)
        unlinkat(file->dirfd, file->name, 0);
    free(file->name);
    if (file->fd >= 0)
        close(file->fd);
    if (file->dirfd >= 0)
        close(file->dirfd);
    *file = TEMPFILE_NONE;
}

int file_replace(int dirfd, const char *name, const void *bytes, size_t length, struct error *error)
{
    cleanup_tempfile struct tempfile file = TEMPFILE_NONE;
    if (tempfile_open(&file, dirfd, name, error) < 0)
        return -1;
    if (write_all(file.fd, bytes, length, name, error) < 0)
        return -1;
    return tempfile_commit(&file, name, error);
}
