#include "formats/base/beneath.h"

#include <errno.h>
#include <linux/openat2.h>

#include "formats/base/open.h"

static uint64_t resolve_flags(enum beneath_policy policy)
{
    return RESOLVE_NO_MAGICLINKS | (policy == BENEATH_STRICT ? RESOLVE_BENEATH : RESOLVE_IN_ROOT);
}

int beneath_open(int rootfd, const char *path, int flags, mode_t mode, enum beneath_policy policy,
                 struct error *error)
{
    int fd = open_resolved(rootfd, path, flags, mode, resolve_flags(policy));
    return fd >= 0 ? fd : open_failed(path, errno, error);
}

int beneath_open_file(int rootfd, const char *path, int flags, enum beneath_policy policy,
                      struct error *error)
{
    return open_regular_resolved(rootfd, path, flags, resolve_flags(policy), error);
}
