/* The monitor's private root. */
#include "runtime/sandbox/private_root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/libraries.h"
#include "runtime/sandbox/mounts.h"

/* Nothing is stored in the tmpfs but directories and empty files to mount on. */
#define TMPFS_SIZE   "1m"
#define TMPFS_INODES "8192"

/* What every program may expect to be there. */
static const char *const common_devices[] = {"/dev/null", "/dev/zero", "/dev/urandom"};

/* Makes the directories above `path` (relative) and, as its last component, a directory or an empty file. */
static int make_target(int root, const char *path, bool directory, struct error *error)
{
    cleanup_free char *copy = xstrdup(path);
    for (char *slash = strchr(copy, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdirat(root, copy, 0755) < 0 && errno != EEXIST)
            return error_errno(error, errno, "the monitor's root: /%s", copy);
        *slash = '/';
    }
    int status = directory ? mkdirat(root, path, 0755) : mknodat(root, path, S_IFREG | 0444, 0);
    if (status < 0 && errno != EEXIST)
        return error_errno(error, errno, "the monitor's root: /%s", path);
    return 0;
}

/* Rewrites "/usr//bin/./qemu" to "usr/bin/qemu"; NULL where there is a "..". Owned. */
static char *plain_path(const char *path)
{
    cleanup_buffer struct buffer plain = {0};
    cleanup_free char *copy = xstrdup(path);
    char *rest = NULL;
    for (char *part = strtok_r(copy, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest)) {
        if (strcmp(part, "..") == 0)
            return NULL;
        if (strcmp(part, ".") == 0)
            continue;
        buffer_format(&plain, "%s%s", plain.length > 0 ? "/" : "", part);
    }
    return plain.length > 0 ? buffer_take(&plain) : NULL;
}

static int place(int root, int tree, const char *path, struct error *error)
{
    struct stat status;
    if (fstat(tree, &status) < 0)
        return error_errno(error, errno, "%s", path);
    cleanup_free char *plain = plain_path(path);
    if (plain == NULL)
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
    for (size_t i = 0; i < paths->count; i++)
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
    strings_add_all(&files, &plan->files->modules);
    struct ld_cache cache;
    ld_cache_open(LD_CACHE_PATH, &cache);
    int status = 0;
    for (size_t i = 0; i < 1 + plan->files->modules.count && status == 0; i++)
        status = libraries_find(&cache, files.items[i], &files, error);
    if (status == 0 && cache.bytes != NULL && files.count > 1)
        status = place_host_file(root, LD_CACHE_PATH, 0, error);
    ld_cache_close(&cache);
    return status == 0 ? place_all(root, &files, MOUNT_PROGRAMS, error) : -1;
}

static int populate(int root, const struct private_root *plan, struct error *error)
{
    if (place_program(root, plan, error) < 0 || place_all(root, &plan->files->data, 0, error) < 0)
        return -1;
    for (size_t i = 0; i < sizeof common_devices / sizeof *common_devices; i++)
        if (place_host_file(root, common_devices[i], MOUNT_DEVICES, error) < 0)
            return -1;
    if (place_all(root, &plan->files->devices, MOUNT_DEVICES, error) < 0)
        return -1;
    for (size_t i = 0; i < plan->mount_count; i++)
        if (place(root, plan->mounts[i].tree, plan->mounts[i].path, error) < 0)
            return -1;
    return 0;
}

/* pivot_root(".", ".") stacks the old root on the new one's directory, from where it is detached
 * (pivot_root(2), notes). */
static int pivot(int root, struct error *error)
{
    if (fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
        return error_errno(error, errno, "cannot make the monitor's root the root");
    if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return error_errno(error, errno, "cannot leave the host's root");
    return 0;
}

int private_root_enter(const struct private_root *plan, struct error *error)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return error_errno(error, errno, "cannot make the mounts private");
    cleanup_close int root = mount_detached_tmpfs(TMPFS_SIZE, TMPFS_INODES, error);
    if (root < 0)
        return -1;
    umask(0022);
    /* It must hang somewhere before it can become the root; /proc is a directory that is always there. */
    if (mount_attach(root, AT_FDCWD, "/proc", error) < 0 || populate(root, plan, error) < 0 ||
        pivot(root, error) < 0)
        return -1;
    return mount_seal(root, error);
}
