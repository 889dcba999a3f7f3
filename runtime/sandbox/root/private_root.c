#include "runtime/sandbox/root/private_root.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "runtime/sandbox/mounts.h"
#include "runtime/sandbox/root/libraries.h"

/* Of the tmpfs, besides copies: directories, empty files to mount on, and what is generated. */
enum { TMPFS_BYTES = 4 << 20 };
#define TMPFS_INODES "8192"

/* Devices that every program may expect. */
static const char *const common_devices[] = {"/dev/null", "/dev/zero", "/dev/urandom"};

/* Makes the directories above `path` (relative). */
static int make_parents(int root, const char *path, struct error *error)
{
    cleanup_free char *copy = xstrdup(path);
    for (char *slash = strchr(copy, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdirat(root, copy, 0755) < 0 && errno != EEXIST)
            return error_errno(error, errno, "the monitor's root: /%s", copy);
        *slash = '/';
    }
    return 0;
}

static int make_last(int root, const char *path, bool directory)
{
    return directory ? mkdirat(root, path, 0755) : mknodat(root, path, S_IFREG | 0444, 0);
}

/* The same and, as its last component, a directory or an empty file. Most have neighbours whose parents are
 * made. */
static int make_target(int root, const char *path, bool directory, struct error *error)
{
    int status = make_last(root, path, directory);
    if (status < 0 && errno == ENOENT) {
        if (make_parents(root, path, error) < 0)
            return -1;
        status = make_last(root, path, directory);
    }
    if (status < 0 && errno != EEXIST)
        return error_errno(error, errno, "the monitor's root: /%s", path);
    return 0;
}

static int place(int root, int tree, const char *path, struct error *error)
{
    struct stat status;
    if (fstat(tree, &status) < 0)
        return error_errno(error, errno, "%s", path);
    cleanup_free char *plain = path_clean(path, PATH_DOTS_REFUSE);
    if (plain == NULL || *plain == '\0')
        return error_set(error, "%s: not a path for the monitor's root", path);
    if (make_target(root, plain, S_ISDIR(status.st_mode), error) < 0)
        return -1;
    return mount_attach(tree, root, plain, error);
}

static int place_host_file(int root, const char *path, unsigned flags, struct error *error)
{
    cleanup_close int tree = mount_detached_path(path, flags, error);
    if (tree < 0)
        return error_prefix(error, "the monitor needs");
    return place(root, tree, path, error);
}

static int place_all(int root, const struct strings *paths, unsigned flags, struct error *error)
{
    for (size_t i = 0; paths != NULL && i < paths->count; i++)
        if (place_host_file(root, paths->items[i], flags, error) < 0)
            return -1;
    return 0;
}

/* The program, what it loads by itself, and the libraries of both. The loader's cache comes along, so that
 * the loader finds in the root what we found on the host. */
static int place_program(int root, const struct private_root *plan, struct error *error)
{
    cleanup_strings struct strings files = {0};
    strings_add(&files, plan->program);
    if (plan->modules != NULL)
        strings_add_all(&files, plan->modules);
    size_t programs = files.count;
    struct ld_cache cache;
    ld_cache_open(LD_CACHE_PATH, &cache);
    int status = 0;
    for (size_t i = 0; i < programs && status == 0; i++)
        status = libraries_find(&cache, files.items[i], &files, error);
    if (status == 0 && cache.bytes != NULL && files.count > 1)
        status = place_host_file(root, LD_CACHE_PATH, 0, error);
    ld_cache_close(&cache);
    return status == 0 ? place_all(root, &files, MOUNT_PROGRAMS, error) : -1;
}

/* The tmpfs has no devices; a mount of this one file has. Returns 0 where the kernel makes no nodes here. */
static int make_device(int root, const char *path, const struct private_root *plan, struct error *error)
{
    struct stat status;
    const char *relative = path + 1;
    if (stat(path, &status) < 0)
        return error_errno(error, errno, "the monitor needs %s", path);
    if (!S_ISCHR(status.st_mode))
        return error_set(error, "the monitor needs %s: not a character device", path);
    if (make_parents(root, relative, error) < 0)
        return -1;
    if (mknodat(root, relative, S_IFCHR | 0600, status.st_rdev) < 0)
        return errno == EPERM ? 0 : error_errno(error, errno, "the monitor's root: %s", path);
    if (fchownat(root, relative, plan->uid, plan->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(error, errno, "the monitor's root: %s", path);
    cleanup_close int tree = mount_detached_at(root, relative, MOUNT_NEW_DEVICES, error);
    return tree < 0 || mount_attach(tree, root, relative, error) < 0 ? -1 : 1;
}

static int place_devices(int root, const struct private_root *plan, struct error *error)
{
    for (size_t i = 0; plan->devices != NULL && i < plan->devices->count; i++) {
        const char *path = plan->devices->items[i];
        bool own = plan->own_devices != NULL && strings_contain(plan->own_devices, path);
        int made = own ? make_device(root, path, plan, error) : 0;
        if (made < 0 || (made == 0 && place_host_file(root, path, MOUNT_DEVICES, error) < 0))
            return -1;
    }
    return 0;
}

/* From its beginning, at most `length` bytes. 0, or -1 with errno. */
static int copy_bytes(int from, int to, uint64_t length)
{
    off_t offset = 0;
    while ((uint64_t)offset < length) {
        uint64_t left = length - (uint64_t)offset;
        ssize_t sent = sendfile(to, from, &offset, left < 1 << 30 ? (size_t)left : 1 << 30);
        if (sent == 0)
            return 0;
        if (sent < 0 && errno != EINTR)
            return -1;
    }
    return 0;
}

/* The size comes first: a file gets huge pages only as far as it is long already. */
static int copy_parts(const struct private_copy *copy, int to)
{
    struct stat first = {0}, second = {0};
    if ((copy->fd >= 0 && fstat(copy->fd, &first) < 0) ||
        (copy->behind >= 0 && fstat(copy->behind, &second) < 0))
        return -1;
    uint64_t length = copy->behind >= 0 ? copy->length : (uint64_t)first.st_size;
    if (ftruncate(to, (off_t)length + second.st_size) < 0 ||
        (copy->fd >= 0 && copy_bytes(copy->fd, to, length) < 0))
        return -1;
    return copy->behind >= 0 ? copy_bytes(copy->behind, to, (uint64_t)second.st_size) : 0;
}

static int place_copy(int root, const struct private_copy *copy, struct error *error)
{
    const char *relative = copy->path + 1;
    if (make_target(root, relative, false, error) < 0)
        return -1;
    cleanup_close int fd = openat(root, relative, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || copy_parts(copy, fd) < 0)
        return error_errno(error, errno, "cannot copy to the monitor's %s", copy->path);
    return copy->program ? mount_allow_programs(root, relative, error) : 0;
}

static int populate(int root, const struct private_root *plan, struct error *error)
{
    if (place_program(root, plan, error) < 0 || place_all(root, plan->data, 0, error) < 0)
        return -1;
    for (size_t i = 0; i < sizeof common_devices / sizeof *common_devices; i++)
        if (place_host_file(root, common_devices[i], MOUNT_DEVICES, error) < 0)
            return -1;
    if (place_devices(root, plan, error) < 0)
        return -1;
    for (size_t i = 0; i < plan->mount_count; i++)
        if (place(root, plan->mounts[i].tree, plan->mounts[i].path, error) < 0)
            return -1;
    for (size_t i = 0; i < plan->copy_count; i++)
        if (place_copy(root, &plan->copies[i], error) < 0)
            return -1;
    return 0;
}

/* A second mount, of this directory alone, which stays writable when the root is sealed. It is attached
 * nowhere, so ".." leads nowhere. */
static int make_generated(int root, const struct private_root *plan, struct error *error)
{
    if (plan->generated == NULL)
        return 0;
    const char *name = &PRIVATE_ROOT_GENERATED[1];
    if (mkdirat(root, name, 0755) < 0 || fchownat(root, name, plan->uid, plan->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(error, errno, "the monitor's root: " PRIVATE_ROOT_GENERATED);
    *plan->generated = open_tree(root, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (*plan->generated < 0)
        return error_errno(error, errno, "the monitor's root: " PRIVATE_ROOT_GENERATED);
    return 0;
}

/* Likewise a mount of its own, but within the root. */
static int make_writable(int root, const struct private_root *plan, struct error *error)
{
    if (plan->writable == NULL)
        return 0;
    const char *name = plan->writable + 1;
    if (mkdirat(root, name, 0700) < 0 || fchownat(root, name, plan->uid, plan->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(error, errno, "the monitor's root: %s", plan->writable);
    cleanup_close int tree = open_tree(root, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0)
        return error_errno(error, errno, "the monitor's root: %s", plan->writable);
    return mount_attach(tree, root, name, error);
}

static int make_placeholders(int root, const struct private_root *plan, struct error *error)
{
    for (size_t i = 0; plan->placeholders != NULL && i < plan->placeholders->count; i++)
        if (make_target(root, plan->placeholders->items[i] + 1, false, error) < 0)
            return -1;
    return 0;
}

static int add_size(int fd, uint64_t *bytes, struct error *error)
{
    struct stat status = {0};
    if (fd >= 0 && fstat(fd, &status) < 0)
        return error_errno(error, errno, "size");
    *bytes += (uint64_t)status.st_size;
    return 0;
}

/* The tmpfs, attached at /proc: it must hang somewhere before it can become the root, and /proc is a
 * directory that is always there. */
static int make_root(const struct private_root *plan, struct error *error)
{
    uint64_t bytes = TMPFS_BYTES, page = (uint64_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < plan->copy_count; i++)
        if (add_size(plan->copies[i].fd, &bytes, error) < 0 ||
            add_size(plan->copies[i].behind, &bytes, error) < 0)
            return error_prefix(error, "%s", plan->copies[i].path);
    bytes += 2 * plan->copy_count * page;
    cleanup_free char *size = xasprintf("%" PRIu64, bytes);
    cleanup_close int root = mount_detached_tmpfs(size, TMPFS_INODES, plan->label, error);
    if (root < 0 || mount_attach(root, AT_FDCWD, "/proc", error) < 0)
        return -1;
    return take_fd(root);
}

int private_root_enter(const struct private_root *plan, struct error *error)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return error_errno(error, errno, "cannot make the mounts private");
    umask(0022);
    /* First, because in a user namespace the kernel makes one only as long as another can be seen. */
    cleanup_close int proc = plan->proc ? mount_detached_proc(error) : -1;
    if (plan->proc && proc < 0)
        return -1;
    cleanup_close int root = make_root(plan, error);
    if (root < 0 || populate(root, plan, error) < 0 || make_generated(root, plan, error) < 0 ||
        make_writable(root, plan, error) < 0 || make_placeholders(root, plan, error) < 0 ||
        (proc >= 0 && place(root, proc, "/proc", error) < 0) || mount_pivot(root, error) < 0)
        return -1;
    return mount_seal(root, error);
}

int private_root_generate(int generated, const char *path, const void *bytes, size_t length,
                          struct error *error)
{
    static const char directory[] = PRIVATE_ROOT_GENERATED "/";
    size_t prefix = sizeof directory - 1;
    if (generated < 0)
        return error_set(error, "%s: the monitor's driver does not say that it generates files", path);
    if (strncmp(path, directory, prefix) != 0 || path[prefix] == '\0' || strchr(path + prefix, '/') != NULL)
        return error_set(error, "%s: a generated file is a name below " PRIVATE_ROOT_GENERATED, path);
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    cleanup_close int fd = openat(generated, path + prefix, flags, 0444);
    if (fd < 0)
        return error_errno(error, errno, "the monitor's root: %s", path);
    /* The umask must not hide it from the monitor. */
    if (fchmod(fd, 0444) < 0)
        return error_errno(error, errno, "the monitor's root: %s", path);
    return write_all(fd, bytes, length, path, error);
}
