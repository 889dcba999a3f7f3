/* One descriptor stands for the innermost directory; the way back is "..". Each level holds the names of its
 * directories that are still to come, so a level is read once and memory follows the number of names. */
#include "builder/bundle/directory_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"

struct level {
    dev_t device;
    ino_t inode;
    struct buffer names; /* of directories, each with its NUL */
    size_t position;     /* of the name that is being walked */
};

struct walk {
    const struct walk_visitor *visitor;
    void *data;
    int fd; /* of the innermost level */
    struct level *levels;
    size_t depth;
    size_t capacity;
};

static void walk_free(struct walk *walk)
{
    for (size_t i = 0; i < walk->depth; i++)
        buffer_free(&walk->levels[i].names);
    free(walk->levels);
    if (walk->fd >= 0)
        close(walk->fd);
}
#define cleanup_walk __attribute__((cleanup(walk_free)))

static bool is_directory(int parent, const struct dirent *entry)
{
    struct stat status;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return fstatat(parent, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

/* Visits the files of the innermost level and collects the names of its directories. */
static int read_level(struct walk *walk, struct level *level, struct error *error)
{
    int fd = fcntl(walk->fd, F_DUPFD_CLOEXEC, 0);
    cleanup_closedir DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (directory == NULL)
        return error_errno(error, errno, "read a directory");
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        const char *name = entry->d_name;
        if (path_is_dot(name))
            continue;
        if (is_directory(walk->fd, entry))
            buffer_add(&level->names, name, strlen(name) + 1);
        else if (walk->visitor->file != NULL && walk->visitor->file(walk->data, walk->fd, name, error) < 0)
            return -1;
    }
    return 0;
}

/* Makes `fd`, which it takes over, the innermost level. */
static int push_level(struct walk *walk, int fd, struct error *error)
{
    if (walk->fd >= 0)
        close(walk->fd);
    walk->fd = fd;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "status of a directory");
    if (walk->depth == walk->capacity) {
        walk->capacity = walk->capacity > 0 ? walk->capacity * 2 : 16;
        walk->levels = xreallocarray(walk->levels, walk->capacity, sizeof *walk->levels);
    }
    struct level *level = &walk->levels[walk->depth++];
    *level = (struct level){.device = status.st_dev, .inode = status.st_ino};
    return read_level(walk, level, error);
}

static int go_down(struct walk *walk, struct level *level, struct error *error)
{
    const char *name = level->names.data + level->position;
    int result = walk->visitor->enter != NULL ? walk->visitor->enter(walk->data, walk->fd, name, error) : 1;
    if (result == 0)
        level->position += strlen(name) + 1;
    if (result <= 0)
        return result;
    int fd = openat(walk->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 ? push_level(walk, fd, error) : error_errno(error, errno, "%s", name);
}

/* ".." leads where the walk came from unless somebody moved the directory; the inode tells. */
static int go_up(struct walk *walk, struct error *error)
{
    struct level *above = &walk->levels[walk->depth - 2];
    const char *name = above->names.data + above->position;
    cleanup_close int parent = openat(walk->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat status;
    if (parent < 0 || fstat(parent, &status) < 0)
        return error_errno(error, errno, "%s: leave", name);
    if (status.st_ino != above->inode || status.st_dev != above->device)
        return error_set(error, "%s: moved to another directory meanwhile", name);
    if (walk->visitor->leave != NULL && walk->visitor->leave(walk->data, parent, name, walk->fd, error) < 0)
        return -1;
    above->position += strlen(name) + 1;
    buffer_free(&walk->levels[--walk->depth].names);
    close(walk->fd);
    walk->fd = take_fd(parent);
    return 0;
}

int walk_directory(int top, const struct walk_visitor *visitor, void *data, struct error *error)
{
    cleanup_walk struct walk walk = {.visitor = visitor, .data = data, .fd = -1};
    int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(error, errno, "read a directory");
    if (push_level(&walk, fd, error) < 0)
        return -1;
    for (;;) {
        struct level *level = &walk.levels[walk.depth - 1];
        if (level->position < level->names.length) {
            if (go_down(&walk, level, error) < 0)
                return -1;
        } else if (walk.depth == 1) {
            return 0;
        } else if (go_up(&walk, error) < 0) {
            return -1;
        }
    }
}
