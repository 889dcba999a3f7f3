#include "builder/context/context.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "formats/base/beneath.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/open.h"
#include "formats/base/path.h"

enum { MAX_IGNORE_FILE = 1 << 20 }; /* bytes */

/* ---- opening ---- */

/* Errors of resolving, in the words of the domain. */
static int set_path_error(struct error *error, const char *path)
{
    switch (error->number) {
    case EXDEV:
        return error_set(error, "%s: leaves the build context", path);
    case ENOENT:
    case ENOTDIR:
        return error_set(error, "%s: not in the build context", path);
    case ELOOP:
        return error_set(error, "%s: a loop of symlinks", path);
    default:
        return -1;
    }
}

/* The path that the kernel knows a descriptor by. NULL and an error. */
static char *descriptor_path(int fd, const char *name, struct error *error)
{
    char link[64], path[PATH_MAX + 1];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path);
    if (length < 0 || length == (ssize_t)sizeof path) {
        error_errno(error, length < 0 ? errno : ENAMETOOLONG, "%s", name);
        return NULL;
    }
    return xstrndup(path, (size_t)length);
}

/* Reads the ignore file behind the descriptor (or -1 with the error of opening it). 1 where there is none. */
static int read_ignore(struct context *context, int fd, int directory, const char *name, struct error *error)
{
    if (fd < 0 && error->number != ENOENT)
        return set_path_error(error, name);
    /* Without its rules, what a dangling link stood for would get into the image. */
    if (fd < 0 && faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return error_set(error, "%s: a symlink that leads nowhere", name);
    if (fd < 0) {
        error_clear(error);
        return 1;
    }
    cleanup_buffer struct buffer text = {0};
    if (read_all(fd, MAX_IGNORE_FILE, &text, name, error) < 0)
        return -1;
    return ignore_parse(&context->ignore, name, text.data, text.length, error);
}

/* The order is that of other builders: BuildKit knows SPEC.dockerignore alone, and Buildah prefers it too. */
static const char *const beside_the_spec[] = {".dockerignore", ".containerignore", NULL};
static const char *const in_the_context[] = {".containerignore", ".dockerignore", NULL};

int context_read_ignore(struct context *context, const char *spec, struct error *error)
{
    int result = 1;
    for (const char *const *suffix = beside_the_spec; spec != NULL && *suffix != NULL && result > 0;
         suffix++) {
        cleanup_free char *path = xasprintf("%s%s", spec, *suffix);
        cleanup_close int fd = open_regular(AT_FDCWD, path, O_RDONLY, error);
        result = read_ignore(context, fd, AT_FDCWD, path, error);
    }
    for (const char *const *name = in_the_context; *name != NULL && result > 0; name++) {
        cleanup_close int fd = beneath_open_file(context->fd, *name, O_RDONLY, BENEATH_STRICT, error);
        result = read_ignore(context, fd, context->fd, *name, error);
    }
    return result < 0 ? -1 : 0;
}

static struct inode *context_load(struct files *files, const char *path, struct error *error);
static int context_list(struct files *files, const char *path, struct strings *names, struct error *error);

int context_open(struct context *context, const char *path, int64_t time, struct strings *warnings,
                 struct error *error)
{
    *context = (struct context){
        .files = {.load = context_load, .list = context_list},
        .fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC),
        .path = xstrdup(path),
        .time = time,
        .warnings = warnings,
    };
    if (context->fd < 0)
        return error_errno(error, errno, "%s: cannot open the build context", path);
    context->real_path = descriptor_path(context->fd, path, error);
    return context->real_path != NULL ? 0 : -1;
}

void context_close(struct context *context)
{
    context_forget_links(context);
    ignore_free(&context->ignore);
    free(context->path);
    free(context->real_path);
    if (context->fd >= 0)
        close(context->fd);
    *context = CONTEXT_NONE;
}

void context_skip(struct context *context, const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return;
    context->skipped_device = status.st_dev;
    context->skipped_number = status.st_ino;
}

static bool is_skipped(const struct context *context, const struct stat *status)
{
    return context->skipped_number != 0 && status->st_ino == context->skipped_number &&
           status->st_dev == context->skipped_device;
}

/* ---- hard links ---- */

struct link {
    dev_t device;
    ino_t number;
    struct inode *inode; /* a reference */
};

static int compare_links(const void *a, const void *b)
{
    const struct link *left = a, *right = b;
    if (left->device != right->device)
        return left->device < right->device ? -1 : 1;
    if (left->number != right->number)
        return left->number < right->number ? -1 : 1;
    return 0;
}

static void free_link(void *pointer)
{
    struct link *link = pointer;
    inode_unref(link->inode);
    free(link);
}

void context_forget_links(struct context *context)
{
    tdestroy(take_pointer(context->links), free_link);
}

/* The inode that was made for the file before, as a new reference, or NULL. */
static struct inode *find_link(struct context *context, const struct stat *status)
{
    struct link key = {.device = status->st_dev, .number = status->st_ino};
    struct link **found = tfind(&key, &context->links, compare_links);
    return found != NULL ? inode_ref((*found)->inode) : NULL;
}

static void remember_link(struct context *context, const struct stat *status, struct inode *inode)
{
    struct link *link = xcalloc(1, sizeof *link);
    *link = (struct link){status->st_dev, status->st_ino, inode_ref(inode)};
    if (tsearch(link, &context->links, compare_links) == NULL)
        abort(); /* out of memory */
}

/* ---- loading ---- */

/* The attributes that belong to a file's content; labels of the host's security modules do not. */
static bool keeps_xattr(const char *name)
{
    return strncmp(name, "user.", 5) == 0 || strcmp(name, "security.capability") == 0 ||
           strcmp(name, "system.posix_acl_access") == 0 || strcmp(name, "system.posix_acl_default") == 0;
}

/* `link` is the descriptor's name under /proc: the way to the attributes of an O_PATH descriptor. */
static int load_xattr(const char *link, const char *name, const char *path, struct inode *inode,
                      struct error *error)
{
    ssize_t length = getxattr(link, name, NULL, 0);
    if (length < 0)
        return error_errno(error, errno, "%s: attribute %s", path, name);
    cleanup_free char *value = xcalloc(1, (size_t)length + 1);
    length = getxattr(link, name, value, (size_t)length);
    if (length < 0)
        return error_errno(error, errno, "%s: attribute %s", path, name);
    inode_set_xattr(inode, name, value, (size_t)length);
    return 0;
}

static int load_xattrs(int fd, const char *path, struct inode *inode, struct error *error)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = listxattr(link, NULL, 0);
    if (length < 0 && errno != EOPNOTSUPP)
        return error_errno(error, errno, "%s: attributes", path);
    if (length <= 0)
        return 0;
    cleanup_free char *names = xcalloc(1, (size_t)length + 1);
    length = listxattr(link, names, (size_t)length);
    if (length < 0)
        return error_errno(error, errno, "%s: attributes", path);
    for (const char *name = names; name < names + length; name += strlen(name) + 1)
        if (keeps_xattr(name) && load_xattr(link, name, path, inode, error) < 0)
            return -1;
    return 0;
}

static int load_target(int fd, const char *path, struct inode *inode, struct error *error)
{
    char target[PATH_MAX + 1];
    ssize_t length = readlinkat(fd, "", target, sizeof target);
    if (length < 0 || length == (ssize_t)sizeof target)
        return error_errno(error, length < 0 ? errno : ENAMETOOLONG, "%s", path);
    inode->target = xstrndup(target, (size_t)length);
    return 0;
}

static int load_content(struct context *context, int fd, const char *path, struct inode *inode,
                        struct error *error)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    /* Asked now, while the instruction that wants the file is known; the opening itself comes much later. */
    if (faccessat(AT_FDCWD, link, R_OK, AT_EACCESS) < 0)
        return error_errno(error, errno, "%s: cannot read it", path);
    inode->content = content_of_path(context->fd, path, error);
    return inode->content != NULL ? 0 : -1;
}

/* An inode with the metadata of what stands behind the descriptor (O_PATH), and for anything but a directory
 * with its content. `path` is without symlinks. */
static struct inode *load_inode(struct context *context, int fd, const struct stat *status, const char *path,
                                struct error *error)
{
    bool linked = !S_ISDIR(status->st_mode) && status->st_nlink > 1;
    struct inode *known = linked ? find_link(context, status) : NULL;
    if (known != NULL)
        return known;
    cleanup_inode struct inode *inode = inode_new(status->st_mode);
    inode->mtime = context->time;
    if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode))
        inode->device = status->st_rdev;
    if (S_ISLNK(status->st_mode) && load_target(fd, path, inode, error) < 0)
        return NULL;
    if (S_ISREG(status->st_mode) && load_content(context, fd, path, inode, error) < 0)
        return NULL;
    if (!S_ISLNK(status->st_mode) && load_xattrs(fd, path, inode, error) < 0)
        return NULL;
    if (linked)
        remember_link(context, status, inode);
    return take_pointer(inode);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in an opened directory, sorted. */
static int read_names(int fd, const char *path, struct strings *names, struct error *error)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    cleanup_closedir DIR *directory = copy >= 0 ? fdopendir(copy) : NULL;
    if (directory == NULL) {
        int number = errno;
        if (copy >= 0)
            close(copy);
        return error_errno(error, number, "%s", path);
    }
    errno = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL; errno = 0)
        if (!path_is_dot(entry->d_name))
            strings_add(names, entry->d_name);
    if (errno != 0)
        return error_errno(error, errno, "%s: cannot list the directory", path);
    if (names->count > 1)
        qsort(names->items, names->count, sizeof *names->items, compare_names);
    return 0;
}

static int open_directory(struct context *context, const char *path, struct error *error)
{
    const char *name = *path != '\0' ? path : ".";
    return beneath_open(context->fd, name, O_RDONLY | O_DIRECTORY, 0, BENEATH_STRICT, error);
}

/* Loads what stands in the opened directory, but its directories, whose names go to `below`: descending
 * happens when this directory is closed again, so that depth costs no descriptors. */
static int load_entries(struct context *context, int fd, const char *path, struct inode *directory,
                        struct strings *below, struct error *error)
{
    cleanup_strings struct strings names = {0};
    if (read_names(fd, *path != '\0' ? path : context->path, &names, error) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        cleanup_free char *child_path = path_join(path, names.items[i]);
        cleanup_close int child = openat(fd, names.items[i], O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct stat status;
        if (child < 0 || fstat(child, &status) < 0)
            return error_errno(error, errno, "%s", child_path);
        if (is_skipped(context, &status))
            continue;
        if (S_ISDIR(status.st_mode)) {
            strings_add(below, names.items[i]);
            continue;
        }
        if (ignore_excludes(&context->ignore, child_path))
            continue;
        if (S_ISSOCK(status.st_mode)) {
            strings_format(context->warnings, "%s: a socket, which no image can hold, is left out",
                           child_path);
            continue;
        }
        cleanup_inode struct inode *inode = load_inode(context, child, &status, child_path, error);
        if (inode == NULL)
            return -1;
        tree_put(directory, names.items[i], inode);
    }
    return 0;
}

/*
 * Loads a directory and all below it, but what is excluded. With *out NULL on success the directory is
 * excluded and nothing in it was included by an exception.
 */
static int load_directory(struct context *context, const char *path, struct inode **out, struct error *error)
{
    *out = NULL;
    bool excluded = *path != '\0' && ignore_excludes(&context->ignore, path);
    if (excluded && !context->ignore.has_exceptions)
        return 0;
    cleanup_close int fd = open_directory(context, path, error);
    if (fd < 0)
        return set_path_error(error, path);
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "%s", path);
    cleanup_strings struct strings below = {0};
    cleanup_inode struct inode *directory = load_inode(context, fd, &status, path, error);
    if (directory == NULL || load_entries(context, fd, path, directory, &below, error) < 0)
        return -1;
    close(take_fd(fd));
    for (size_t i = 0; i < below.count; i++) {
        cleanup_free char *child_path = path_join(path, below.items[i]);
        cleanup_inode struct inode *child = NULL;
        if (load_directory(context, child_path, &child, error) < 0)
            return -1;
        if (child != NULL)
            tree_put(directory, below.items[i], child);
    }
    if (!excluded || directory->child_count > 0)
        *out = take_pointer(directory);
    return 0;
}

/* The path of a descriptor in the context, without symlinks; "" for the context itself. */
static char *path_within(struct context *context, int fd, const char *name, struct error *error)
{
    cleanup_free char *path = descriptor_path(fd, name, error);
    if (path == NULL)
        return NULL;
    size_t length = strcmp(context->real_path, "/") == 0 ? 0 : strlen(context->real_path);
    if (strncmp(path, context->real_path, length) != 0 || (path[length] != '/' && path[length] != '\0')) {
        error_set(error, "%s: leaves the build context", name);
        return NULL;
    }
    return xstrdup(path[length] == '/' ? path + length + 1 : "");
}

static struct inode *set_excluded(struct context *context, const char *path, struct error *error)
{
    error_set(error, "%s: not in the build context: %s excludes it", path, context->ignore.file);
    error->kind = ERROR_KIND_EXCLUDED;
    return NULL;
}

static struct inode *context_load(struct files *files, const char *path, struct error *error)
{
    struct context *context = (struct context *)files;
    cleanup_close int fd = beneath_open(context->fd, path, O_PATH, 0, BENEATH_STRICT, error);
    if (fd < 0) {
        set_path_error(error, path);
        return NULL;
    }
    cleanup_free char *real = path_within(context, fd, path, error);
    struct stat status;
    if (real == NULL)
        return NULL;
    if (fstat(fd, &status) < 0) {
        error_errno(error, errno, "%s", path);
        return NULL;
    }
    if (is_skipped(context, &status)) {
        error_set(error, "%s: not in the build context: the image goes there", path);
        error->kind = ERROR_KIND_EXCLUDED;
        return NULL;
    }
    if (S_ISDIR(status.st_mode)) {
        struct inode *directory = NULL;
        if (load_directory(context, real, &directory, error) < 0)
            return NULL;
        return directory != NULL ? directory : set_excluded(context, path, error);
    }
    if (ignore_excludes(&context->ignore, real))
        return set_excluded(context, path, error);
    if (S_ISSOCK(status.st_mode)) {
        error_set(error, "%s: a socket, which no image can hold", path);
        return NULL;
    }
    return load_inode(context, fd, &status, real, error);
}

static int context_list(struct files *files, const char *path, struct strings *names, struct error *error)
{
    struct context *context = (struct context *)files;
    cleanup_close int fd = open_directory(context, path, error);
    if (fd < 0 && (error->number == ENOENT || error->number == ENOTDIR)) {
        error_clear(error);
        return 0;
    }
    cleanup_strings struct strings all = {0};
    if (fd < 0 || read_names(fd, *path != '\0' ? path : context->path, &all, error) < 0)
        return set_path_error(error, path);
    for (size_t i = 0; i < all.count; i++) {
        cleanup_free char *child = path_join(path, all.items[i]);
        /* An excluded directory may hold what an exception includes; loading tells. */
        if (context->ignore.has_exceptions || !ignore_excludes(&context->ignore, child))
            strings_add(names, all.items[i]);
    }
    return 0;
}
