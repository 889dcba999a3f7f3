#include "builder/bundle/remove_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/bundle/directory_walk.h"
#include "formats/base/cleanup.h"

static int remove_file(void *data, int parent, const char *name, struct error *error)
{
    (void)data;
    return unlinkat(parent, name, 0) == 0 ? 0 : error_errno(error, errno, "%s: remove", name);
}

/* An ordinary user's image can hold directories without permissions. The name is a directory, no symlink, in
 * a tree that nobody else writes to, so following it is safe. */
static int make_accessible(void *data, int parent, const char *name, struct error *error)
{
    (void)data;
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(error, errno, "%s", name);
    if (S_ISDIR(status.st_mode) && (status.st_mode & 0700) != 0700 && fchmodat(parent, name, 0700, 0) < 0)
        return error_errno(error, errno, "%s: mode", name);
    return 1;
}

static int remove_directory(void *data, int parent, const char *name, int fd, struct error *error)
{
    (void)data;
    (void)fd;
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 ? 0 : error_errno(error, errno, "%s: remove", name);
}

static const struct walk_visitor remover = {remove_file, make_accessible, remove_directory};

int remove_tree(int dirfd, const char *name, struct error *error)
{
    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return error_errno(error, errno, "%s: remove", name);
    if (make_accessible(NULL, dirfd, name, error) < 0)
        return -1;
    cleanup_close int top = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top < 0)
        return error_errno(error, errno, "%s: remove", name);
    if (walk_directory(top, &remover, NULL, error) < 0)
        return -1;
    return remove_directory(NULL, dirfd, name, top, error);
}
