#include "formats/base/open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "formats/base/cleanup.h"

/* O_TMPFILE contains O_DIRECTORY's bit, and openat2 refuses a mode where nothing is made. */
static bool makes_file(int flags)
{
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

/* The path from the root on: "." for the root itself. */
static const char *below_root(const char *path)
{
    path += strspn(path, "/");
    return *path != '\0' ? path : ".";
}

int open_resolved(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
    struct open_how how = {
        .flags = (unsigned)flags | O_CLOEXEC,
        .mode = makes_file(flags) ? mode & 07777 : 0,
        .resolve = resolve,
    };
    if ((resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) != 0)
        path = below_root(path);
    int fd = -1;
    /* EAGAIN: a rename raced with a ".."; the kernel could not tell whether the path stayed inside. */
    for (int attempt = 0; attempt < 32; attempt++) {
        fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return fd;
}

int open_failed(const char *path, int number, struct error *error)
{
    if (number == EXDEV)
        return error_numbered(error, number, "%s: leaves its root", path);
    if (number == ENOSYS)
        return error_numbered(error, number, "%s: this needs openat2, Linux 5.6 or later", path);
    return error_errno(error, number, "%s", path);
}

int reopen_descriptor(int fd, int flags)
{
    char path[sizeof "/proc/self/fd/" + 11];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, flags | O_CLOEXEC);
}

static int check_regular(int fd, const char *path, struct stat *status, struct error *error)
{
    if (fstat(fd, status) < 0)
        return error_errno(error, errno, "%s", path);
    if (S_ISREG(status->st_mode))
        return 0;
    int number = S_ISDIR(status->st_mode) ? EISDIR : S_ISLNK(status->st_mode) ? ELOOP : EINVAL;
    return error_numbered(error, number, "%s: not a regular file", path);
}

int open_regular_resolved(int dirfd, const char *path, int flags, uint64_t resolve, struct error *error)
{
    struct stat seen, opened;
    cleanup_close int place = open_resolved(dirfd, path, O_PATH | (flags & O_NOFOLLOW), 0, resolve);
    if (place < 0)
        return open_failed(path, errno, error);
    if (check_regular(place, path, &seen, error) < 0)
        return -1;
    /* O_NONBLOCK: somebody's lease on the file (fcntl(2), F_SETLEASE) must not make this wait. */
    int how = flags | O_NONBLOCK | O_NOCTTY;
    cleanup_close int fd = reopen_descriptor(place, how & ~O_NOFOLLOW);
    /* Without a /proc there is only the name, and what it stands for is compared. */
    if (fd < 0 && errno == ENOENT)
        fd = open_resolved(dirfd, path, how, 0, resolve);
    if (fd < 0)
        return open_failed(path, errno, error);
    if (check_regular(fd, path, &opened, error) < 0)
        return -1;
    if (seen.st_dev != opened.st_dev || seen.st_ino != opened.st_ino)
        return error_set(error, "%s: another file took its place while it was being opened", path);
    return take_fd(fd);
}

int open_regular(int dirfd, const char *path, int flags, struct error *error)
{
    return open_regular_resolved(dirfd, path, flags, 0, error);
}
