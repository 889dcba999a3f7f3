#include "runtime/sandbox/descriptors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <unistd.h>

#include "formats/base/cleanup.h"

/* The smallest listed descriptor that is at least `from`, or -1. */
static int next_kept(const int *keep, size_t count, int from)
{
    int next = -1;
    for (size_t i = 0; i < count; i++)
        if (keep[i] >= from && (next < 0 || keep[i] < next))
            next = keep[i];
    return next;
}

int descriptors_close_others(const int *keep, size_t count, struct error *error)
{
    for (int from = 0;;) {
        int kept = next_kept(keep, count, from);
        unsigned last = kept >= 0 ? (unsigned)kept - 1 : ~0U;
        if (kept != from && close_range((unsigned)from, last, 0) < 0)
            return error_errno(error, errno, "close_range");
        if (kept < 0)
            return 0;
        from = kept + 1;
    }
}

void descriptors_close_inherited(void)
{
    cleanup_closedir DIR *descriptors = opendir("/proc/self/fd");
    if (descriptors == NULL) {
        close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(descriptors)) != NULL) {
        int fd = atoi(entry->d_name);
        int flags = fd > STDERR_FILENO ? fcntl(fd, F_GETFD) : -1;
        if (flags >= 0 && !(flags & FD_CLOEXEC))
            close(fd);
    }
}
