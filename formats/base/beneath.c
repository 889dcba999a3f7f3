/* Opening a path under a root that is not trusted. */
#include "formats/base/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

static int open_under(int rootfd, const char *path, int flags, mode_t mode, enum beneath_policy policy)
{
    while (*path == '/')
        path++;
    struct open_how how = {
        .flags = (unsigned)flags | O_CLOEXEC,
        .mode = (flags & (O_CREAT | O_TMPFILE)) ? mode & 07777 : 0,
        .resolve = RESOLVE_NO_MAGICLINKS | (policy == BENEATH_STRICT ? RESOLVE_BENEATH : RESOLVE_IN_ROOT),
    };
    int fd = -1;
    /* EAGAIN: a rename raced with a ".."; the kernel could not tell whether the path stayed inside. */
    for (int attempt = 0; attempt < 32; attempt++) {
        fd = (int)syscall(SYS_openat2, rootfd, *path ? path : ".", &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return fd;
}

static int set_open_error(const char *path, int number, struct error *error)
{
    if (number == EXDEV)
        return error_numbered(error, number, "%s: leaves its root", path);
    if (number == ENOSYS)
        return error_numbered(error, number, "%s: this needs openat2, Linux 5.6 or later", path);
    return error_errno(error, number, "%s", path);
}

int beneath_open(int rootfd, const char *path, int flags, mode_t mode, enum beneath_policy policy,
                 struct error *error)
{
    int fd = open_under(rootfd, path, flags, mode, policy);
    return fd >= 0 ? fd : set_open_error(path, errno, error);
}

int beneath_open_file(int rootfd, const char *path, int flags, enum beneath_policy policy,
                      struct error *error)
{
    cleanup_close int fd = beneath_open(rootfd, path, flags | O_NONBLOCK | O_NOCTTY, 0, policy, error);
    if (fd < 0)
        return -1;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "%s", path);
    if (!S_ISREG(status.st_mode))
        return error_numbered(error, S_ISDIR(status.st_mode) ? EISDIR : EINVAL, "%s: not a regular file",
                              path);
    return take_fd(fd);
}

int beneath_mkdirs(int rootfd, const char *path, struct error *error)
{
    cleanup_free char *prefix = xstrdup(path);
    char *position = prefix;
    while (*position == '/')
        position++;
    while (*position != '\0') {
        char *end = strchrnul(position, '/');
        char separator = *end;
        *end = '\0';
        cleanup_close int fd = open_under(rootfd, prefix, O_PATH | O_DIRECTORY, 0, BENEATH_IN_ROOT);
        if (fd < 0) {
            if (errno != ENOENT)
                return set_open_error(prefix, errno, error);
            /* The parent exists by now; the last component does not, so mkdirat creates exactly that name. */
            char saved = *position;
            *position = '\0';
            cleanup_close int parent = open_under(rootfd, prefix, O_PATH | O_DIRECTORY, 0, BENEATH_IN_ROOT);
            *position = saved;
            if (parent < 0)
                return set_open_error(prefix, errno, error);
            if (mkdirat(parent, position, 0755) < 0 && errno != EEXIST)
                return set_open_error(prefix, errno, error);
        }
        *end = separator;
        position = end;
        while (*position == '/')
            position++;
    }
    return beneath_open(rootfd, path, O_PATH | O_DIRECTORY, 0, BENEATH_IN_ROOT, error);
}
