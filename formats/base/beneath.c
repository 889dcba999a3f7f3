#include "formats/base/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/open.h"

static uint64_t resolve_flags(enum beneath_policy policy)
{
    return RESOLVE_NO_MAGICLINKS | (policy == BENEATH_STRICT ? RESOLVE_BENEATH : RESOLVE_IN_ROOT);
}

static int open_under(int rootfd, const char *path, int flags, mode_t mode, enum beneath_policy policy)
{
    return open_resolved(rootfd, path, flags, mode, resolve_flags(policy));
}

int beneath_open(int rootfd, const char *path, int flags, mode_t mode, enum beneath_policy policy,
                 struct error *error)
{
    int fd = open_under(rootfd, path, flags, mode, policy);
    return fd >= 0 ? fd : open_failed(path, errno, error);
}

int beneath_open_file(int rootfd, const char *path, int flags, enum beneath_policy policy,
                      struct error *error)
{
    return open_regular_resolved(rootfd, path, flags, resolve_flags(policy), error);
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
                return open_failed(prefix, errno, error);
            /* The parent exists by now; the last component does not, so mkdirat creates exactly that name. */
            char saved = *position;
            *position = '\0';
            cleanup_close int parent = open_under(rootfd, prefix, O_PATH | O_DIRECTORY, 0, BENEATH_IN_ROOT);
            *position = saved;
            if (parent < 0)
                return open_failed(prefix, errno, error);
            if (mkdirat(parent, position, 0755) < 0 && errno != EEXIST)
                return open_failed(prefix, errno, error);
        }
        *end = separator;
        position = end;
        while (*position == '/')
            position++;
    }
    return beneath_open(rootfd, path, O_PATH | O_DIRECTORY, 0, BENEATH_IN_ROOT, error);
}
