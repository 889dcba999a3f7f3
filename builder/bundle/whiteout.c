/* Whiteouts (image-spec, layer.md) hide what lower layers brought, never what their own layer brings. A
 * directory is walked for them once in a layer: after that it only holds entries of that layer. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/bundle/directory_walk.h"
#include "builder/bundle/unpacker.h"
#include "formats/base/cleanup.h"
#include "formats/base/path.h"

#define WHITEOUT        ".wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"
#define WHITEOUT_META   ".wh..wh." /* aufs's own files */

static int hide_file(void *data, int parent, const char *name, struct error *error)
{
    const struct unpacker *unpacker = data;
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(error, errno, "%s", name);
    if (!inode_set_has(&unpacker->made, status.st_ino) && unlinkat(parent, name, 0) < 0)
        return error_errno(error, errno, "%s: remove", name);
    return 0;
}

static int is_to_be_cleaned(void *data, int parent, const char *name, struct error *error)
{
    const struct unpacker *unpacker = data;
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(error, errno, "%s", name);
    return !inode_set_has(&unpacker->clean, status.st_ino);
}

static int hide_directory(void *data, int parent, const char *name, int fd, struct error *error)
{
    struct unpacker *unpacker = data;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "%s", name);
    if (!inode_set_has(&unpacker->made, status.st_ino)) {
        if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
            return 0;
        /* Not empty: something of this layer is in it. */
        if (errno != ENOTEMPTY && errno != EEXIST)
            return error_errno(error, errno, "%s: remove", name);
    }
    inode_set_add(&unpacker->clean, status.st_ino);
    return 0;
}

static const struct walk_visitor hider = {hide_file, is_to_be_cleaned, hide_directory};

static int hide_children(struct unpacker *unpacker, int directory, struct error *error)
{
    struct stat status;
    if (fstat(directory, &status) < 0)
        return error_errno(error, errno, "status of a directory");
    if (inode_set_has(&unpacker->clean, status.st_ino))
        return 0;
    if (walk_directory(directory, &hider, unpacker, error) < 0)
        return -1;
    inode_set_add(&unpacker->clean, status.st_ino);
    return 0;
}

static int hide(struct unpacker *unpacker, int parent, const char *name, struct error *error)
{
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT || errno == ENAMETOOLONG ? 0 : error_errno(error, errno, "%s", name);
    if (!S_ISDIR(status.st_mode))
        return hide_file(unpacker, parent, name, error);
    cleanup_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_errno(error, errno, "%s", name);
    if (hide_children(unpacker, fd, error) < 0)
        return -1;
    return hide_directory(unpacker, parent, name, fd, error);
}

bool whiteout_is(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strncmp(slash != NULL ? slash + 1 : path, WHITEOUT, strlen(WHITEOUT)) == 0;
}

int whiteout_apply(struct unpacker *unpacker, const struct destination *destination, struct error *error)
{
    const char *name = destination->name + strlen(WHITEOUT);
    bool opaque = strcmp(destination->name, WHITEOUT_OPAQUE) == 0;
    if (!opaque && strncmp(destination->name, WHITEOUT_META, strlen(WHITEOUT_META)) == 0)
        return 0;
    if (!opaque && (*name == '\0' || path_is_dot(name)))
        return error_set(error, "a whiteout without a name");
    parent_cache_invalidate(&unpacker->parents);
    return opaque ? hide_children(unpacker, destination->parent, error)
                  : hide(unpacker, destination->parent, name, error);
}
