#include "runtime/sandbox/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/open.h"

/* /proc/sys is often a mount of its own (read-only, in a container that runs urunc). */
static const char *const directories[] = {"/proc/sys/", "/proc/"};

static int refuse(const char *path, struct error *error)
{
    error_set_numbered(error, ENOTSUP, "%s: not a file of proc: something is mounted over it", path);
    return -1;
}

int proc_open(const char *path, int flags, struct error *error)
{
    size_t i = strncmp(path, directories[0], strlen(directories[0])) == 0 ? 0 : 1;
    size_t length = strlen(directories[i]);
    if (strncmp(path, directories[i], length) != 0)
        return refuse(path, error);
    struct statfs status;
    cleanup_close int root = open(directories[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || fstatfs(root, &status) < 0)
        return error_errno(error, errno, "%s", path);
    if (status.f_type != PROC_SUPER_MAGIC) {
        return refuse(path, error);
    }
    /* "self" is an ordinary symlink and may be followed. */
    uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
    int fd = open_resolved(root, path + length, flags, 0, resolve);
    if (fd < 0 && errno == EXDEV)
        return refuse(path, error);
    return fd >= 0 ? fd : error_errno(error, errno, "%s", path);
}
