#include "runtime/storage/boot_modules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/archive/cpio.h"
#include "formats/base/beneath.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "runtime/storage/module_list.h"

extern const char guest_init_start[] __attribute__((visibility("hidden")));
extern const char guest_init_end[] __attribute__((visibility("hidden")));

enum {
    TEXT_MAX = 4 << 20,      /* bytes of modules.dep and of /etc/modules */
    MODULES_MAX = 256 << 20, /* bytes of all modules: they are in memory as long as the guest runs */
    RELEASES_MAX = 64,       /* each has a descriptor until the archive is written */
};

/* The root's own: without one of them among the modules the kernel has its drivers built in. */
static const char *const root_modules[] = {"virtio_blk", "ext4", "ext2"};

/* What else is loaded while there are modules to load. crc32c is what ext4 asks the kernel's cryptography
 * for, which no table of dependencies says. */
static const char *const other_modules[] = {
    "virtio_pci",  "virtio_mmio",  "crc32c_generic", "libcrc32c",    "virtio_net", "virtio_console",
    "pvpanic_pci", "pvpanic_mmio", "virtiofs",       "9pnet_virtio", "9p",
};

/* Of all releases together. */
struct room {
    uint64_t bytes; /* of modules that are left */
    uint64_t work;  /* of looking through lists (module_list.h) */
};

/* ---- the tree ---- */

/* The directory of that name, which is made where it is missing. Borrowed from the tree. */
static struct inode *directory_at(struct inode *parent, const char *name)
{
    struct inode *found = tree_child(parent, name);
    if (found != NULL)
        return found;
    cleanup_inode struct inode *made = inode_new(S_IFDIR | 0755);
    tree_put(parent, name, made);
    return tree_child(parent, name);
}

/* Puts a file at a path without "..", whose directories are made. */
static void put(struct inode *tree, const char *path, struct inode *file)
{
    cleanup_free char *copy = xstrdup(path);
    char *rest = copy, *name = strsep(&rest, "/");
    for (; rest != NULL; name = strsep(&rest, "/"))
        tree = directory_at(tree, name);
    tree_put(tree, name, file);
}

static void put_bytes(struct inode *tree, const char *path, mode_t mode, const void *bytes, size_t length)
{
    cleanup_inode struct inode *file = inode_new(S_IFREG | mode);
    file->content = content_of_memory(bytes, length);
    put(tree, path, file);
}

static int put_module(struct inode *tree, const char *release, int directory, const char *path,
                      struct room *room, struct error *error)
{
    cleanup_free char *whole = xasprintf("lib/modules/%s/%s", release, path);
    cleanup_inode struct inode *file = inode_new(S_IFREG | 0644);
    file->content = content_of_path(directory, path, error);
    if (file->content == NULL)
        return -1;
    if (content_size(file->content) > room->bytes)
        return error_set(error, "%s: with it the modules that the guest's root needs are larger than %d MiB",
                         path, MODULES_MAX >> 20);
    room->bytes -= content_size(file->content);
    put(tree, whole, file);
    return 0;
}

/* ---- one release ---- */

static int read_text(int directory, const char *path, struct buffer *text, struct error *error)
{
    cleanup_close int fd = beneath_open_file(directory, path, O_RDONLY, BENEATH_IN_ROOT, error);
    if (fd >= 0)
        return read_all(fd, TEXT_MAX, text, path, error);
    if (error->number != ENOENT)
        return -1;
    error_clear(error);
    return 0;
}

static bool has_any(struct module_list *list, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (module_list_find(list, names[i]) != NULL)
            return true;
    return false;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void choose(struct module_list *list, const struct buffer *names, struct strings *paths)
{
    for (size_t i = 0; i < COUNT(root_modules); i++)
        module_list_choose(list, root_modules[i], paths);
    for (size_t i = 0; i < COUNT(other_modules); i++)
        module_list_choose(list, other_modules[i], paths);
    cleanup_free char *copy = xstrdup(names->data != NULL ? names->data : "");
    char *rest = copy;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        line += strspn(line, " \t");
        line[strcspn(line, " \t\r#")] = '\0';
        module_list_choose(list, line, paths);
    }
}

/* Adds a release's modules; 0 where its kernel needs none, else how many. */
static int add_release(struct inode *tree, const char *release, int directory, const struct buffer *names,
                       struct room *room, struct error *error)
{
    cleanup_buffer struct buffer text = {0}, chosen = {0};
    cleanup_module_list struct module_list list = {0};
    cleanup_strings struct strings paths = {0};
    if (read_text(directory, "modules.dep", &text, error) < 0 || text.length == 0)
        return error_is_set(error) ? -1 : 0;
    module_list_parse(text.data, &list);
    list.work = room->work;
    if (!has_any(&list, root_modules, COUNT(root_modules))) {
        room->work = list.work;
        return 0;
    }
    choose(&list, names, &paths);
    for (size_t i = 0; i < paths.count; i++) {
        if (put_module(tree, release, directory, paths.items[i], room, error) < 0)
            return error_prefix(error, "lib/modules/%s", release);
        module_list_print(&list, paths.items[i], &chosen);
    }
    room->work = list.work;
    if (list.work > MODULE_LIST_WORK_MAX)
        return error_set(error, "lib/modules/%s/modules.dep: too long to look through", release);
    cleanup_free char *path = xasprintf("lib/modules/%s/modules.dep", release);
    put_bytes(tree, path, 0644, chosen.data, chosen.length);
    return (int)paths.count;
}

/* ---- all of them ---- */

/* The kernel finds its own by its release. */
static int add_releases(struct inode *tree, int modules, DIR *list, const struct buffer *names,
                        struct strings *directories, struct error *error)
{
    int count = 0;
    struct room room = {.bytes = MODULES_MAX};
    const struct dirent *entry;
    while ((entry = readdir(list)) != NULL) {
        if (path_is_dot(entry->d_name))
            continue;
        int directory = openat(modules, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (directory < 0)
            continue;
        if (directories->count == RELEASES_MAX) {
            close(directory);
            return error_set(error, "/lib/modules: the image has modules of more than %d kernels",
                             RELEASES_MAX);
        }
        strings_format(directories, "%d", directory); /* open until the archive is written */
        int added = add_release(tree, entry->d_name, directory, names, &room, error);
        if (added < 0)
            return -1;
        count += added;
    }
    return count;
}

static void close_all(struct strings *directories)
{
    for (size_t i = 0; i < directories->count; i++)
        close(atoi(directories->items[i]));
    strings_free(directories);
}

static int write_archive(struct inode *tree, struct error *error)
{
    cleanup_close int fd = memfd_create("initrd", MFD_CLOEXEC);
    if (fd < 0)
        return error_errno(error, errno, "memfd_create");
    cleanup_sink struct sink *sink = sink_to_fd(fd, "the guest's first archive", NULL);
    if (cpio_write(tree, sink, error) < 0 || sink_finish(sink, error) < 0)
        return -1;
    return take_fd(fd);
}

int boot_modules_archive(int root, struct error *error)
{
    size_t init_length = (size_t)(guest_init_end - guest_init_start);
    cleanup_buffer struct buffer names = {0};
    __attribute__((cleanup(close_all))) struct strings directories = {0};
    cleanup_close int modules =
        beneath_open(root, "/lib/modules", O_RDONLY | O_DIRECTORY, 0, BENEATH_IN_ROOT, error);
    if (modules < 0 && (error->number == ENOENT || error->number == ENOTDIR)) {
        error_clear(error);
        return -1;
    }
    int opened = modules >= 0 ? fcntl(modules, F_DUPFD_CLOEXEC, 0) : -1;
    cleanup_closedir DIR *list = opened >= 0 ? fdopendir(opened) : NULL;
    if (list == NULL)
        return modules < 0 ? -1 : error_errno(error, errno, "/lib/modules");
    cleanup_inode struct inode *tree = inode_new(S_IFDIR | 0755);
    if (read_text(root, "/etc/modules", &names, error) < 0)
        return -1;
    int count = add_releases(tree, modules, list, &names, &directories, error);
    if (count <= 0)
        return -1;
    put_bytes(tree, "init", 0755, guest_init_start, init_length);
    return write_archive(tree, error);
}
