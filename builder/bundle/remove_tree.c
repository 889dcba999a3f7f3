/* Removing a tree without recursion: directories that are not empty are moved up to its top, until none is
 * left. */
#include "builder/bundle/remove_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Opens a directory for removing what is in it, made accessible first: an ordinary user's image can hold
 * directories without permissions. */
static DIR *open_directory(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    DIR *directory = fdopendir(fd);
    if (directory == NULL)
        close(fd);
    return directory;
}

/* False where it is no directory (errno stays as it was). An ordinary user's image can hold directories
 * without permissions. */
static bool make_accessible(int parent, const char *name)
{
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(status.st_mode))
        return false;
    return (status.st_mode & 0700) == 0700 || fchmodat(parent, name, 0700, 0) == 0;
}

/* A hostile image may hold names like ours: what stands there is stepped over. */
static int move_up(int top, DIR *directory, const char *entry, uint64_t *moved)
{
    int result;
    do {
        char name[32];
        snprintf(name, sizeof name, "\001%llu", (unsigned long long)++*moved);
        result = renameat(dirfd(directory), entry, top, name);
    } while (result < 0 && (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR));
    return result;
}

/* Empties one directory: files go, directories that are not empty move to `top` under a number of ours. */
static int empty_directory(int top, DIR *directory, uint64_t *moved)
{
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (is_dot(entry->d_name))
            continue;
        if (unlinkat(dirfd(directory), entry->d_name, 0) == 0 || errno == ENOENT)
            continue;
        if (!make_accessible(dirfd(directory), entry->d_name))
            return -1;
        if (unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR) == 0)
            continue;
        if (move_up(top, directory, entry->d_name, moved) < 0)
            return -1;
    }
    return 0;
}

/* One pass over the top: each directory in it is emptied (which may add others) and removed. Returns how many
 * entries there were, -1 on error. */
static int sweep(int top, uint64_t *moved)
{
    cleanup_closedir DIR *directory = open_directory(top, ".");
    if (directory == NULL)
        return -1;
    int seen = 0;
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (is_dot(entry->d_name))
            continue;
        seen = 1;
        if (unlinkat(top, entry->d_name, 0) == 0 || errno == ENOENT)
            continue;
        if (!make_accessible(top, entry->d_name))
            return -1;
        cleanup_closedir DIR *child = open_directory(top, entry->d_name);
        if (child == NULL || empty_directory(top, child, moved) < 0)
            return -1;
        if (unlinkat(top, entry->d_name, AT_REMOVEDIR) < 0)
            return -1;
    }
    return seen;
}

static int remove_directory(int parent, const char *name)
{
    if (!make_accessible(parent, name))
        return -1;
    cleanup_close int top = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top < 0)
        return -1;
    uint64_t moved = 0;
    int seen;
    do
        seen = sweep(top, &moved);
    while (seen > 0);
    return seen < 0 ? -1 : unlinkat(parent, name, AT_REMOVEDIR);
}

int remove_tree(int dirfd, const char *name, struct error *error)
{
    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return error_errno(error, errno, "%s: remove", name);
    if (remove_directory(dirfd, name) < 0)
        return error_errno(error, errno, "%s: remove", name);
    return 0;
}
