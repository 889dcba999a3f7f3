#include "runtime/lifecycle/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/path.h"

/* Root could replace a device of the host. */
static int check_replaceable(const char *path, struct error *error)
{
    struct stat status;
    if (lstat(path, &status) < 0 || S_ISREG(status.st_mode) || S_ISLNK(status.st_mode))
        return 0;
    return error_set(error, "--pid-file %s: is no regular file; name another", path);
}

int pid_file_write(const char *path, pid_t pid, struct error *error)
{
    if (path == NULL)
        return 0;
    if (check_replaceable(path, error) < 0)
        return -1;
    cleanup_free char *directory = NULL, *name = temporary_name(error);
    if (name == NULL)
        return -1;
    path_split(path, &directory, NULL);
    cleanup_free char *temporary = path_join(directory, name);
    /* Whatever others put beside it (a FIFO, a link) is neither opened nor waited for. */
    cleanup_close int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_errno(error, errno, "--pid-file %s", path);
    char text[16];
    int length = snprintf(text, sizeof text, "%d", (int)pid);
    if (write_all(fd, text, (size_t)length, path, error) == 0) {
        if (rename(temporary, path) == 0)
            return 0;
        error_errno(error, errno, "--pid-file %s", path);
    }
    unlink(temporary);
    return -1;
}
