#include "runtime/sandbox/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/open.h"

int proc_open(const char *path, int flags, struct error *error)
{
    struct statfs status;
    /* Looked at before it is opened for writing: what stands there instead may be a device. */
    cleanup_close int found = open(path, O_PATH | O_CLOEXEC);
    if (found < 0 || fstatfs(found, &status) < 0)
        return error_errno(error, errno, "%s", path);
    if (status.f_type != PROC_SUPER_MAGIC) {
        error_set_numbered(error, ENOTSUP, "%s: not a file of proc: something is mounted over it", path);
        return -1;
    }
    int fd = reopen_descriptor(found, flags);
    return fd >= 0 ? fd : error_errno(error, errno, "%s", path);
}
