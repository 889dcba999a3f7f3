/* Whiteouts (image-spec, layer.md): they hide what lower layers brought, never what their own layer brings.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/bundle/unpack_state.h"
#include "formats/base/cleanup.h"

enum { MAX_DEPTH = 256 };

static int hide(struct unpacker *unpacker, int parent, const char *name, int depth, struct error *error);

static int hide_children(struct unpacker *unpacker, int fd, int depth, struct error *error)
{
    cleanup_closedir DIR *directory = fdopendir(fd);
    if (directory == NULL) {
        close(fd);
        return error_set(error, "a directory cannot be read");
    }
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (hide(unpacker, fd, entry->d_name, depth + 1, error) < 0)
            return -1;
    }
    return 0;
}

static int hide(struct unpacker *unpacker, int parent, const char *name, int depth, struct error *error)
{
    if (depth > MAX_DEPTH)
        return error_set(error, "%s: a whiteout of directories nested too deeply", name);
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT || errno == ENAMETOOLONG ? 0 : error_errno(error, errno, "%s", name);
    bool spared = inode_set_has(&unpacker->made, status.st_ino);
    if (!S_ISDIR(status.st_mode)) {
        if (!spared && unlinkat(parent, name, 0) < 0)
            return error_errno(error, errno, "%s: remove", name);
        return 0;
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_errno(error, errno, "%s", name);
    if (hide_children(unpacker, fd, depth, error) < 0)
        return -1;
    /* Not empty: something of this layer is in it. */
    if (!spared && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY && errno != EEXIST)
        return error_errno(error, errno, "%s: remove", name);
    return 0;
}

int unpack_hide(struct unpacker *unpacker, int parent, const char *name, struct error *error)
{
    return hide(unpacker, parent, name, 0, error);
}

int unpack_hide_children(struct unpacker *unpacker, int directory, struct error *error)
{
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(error, errno, "an opaque directory");
    return hide_children(unpacker, fd, 0, error);
}
