#include "runtime/process/guest/rootfs_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/contract/annotations.h"
#include "formats/contract/pairs.h"
#include "runtime/bundle/hooks.h"
#include "runtime/sandbox/mounts.h"
#include "runtime/storage/boot_modules.h"
#include "runtime/storage/rootfs_cache.h"
#include "runtime/storage/writable_layer.h"

bool rootfs_disk_wanted(const struct guest_setup *setup)
{
    const struct unikernel *unikernel = &setup->unikernel;
    const struct pair pair = {unikernel->framework, unikernel->hypervisor};
    return unikernel->mount_rootfs && pair_rootfs(pair) == STORAGE_ROOTFS_DISK;
}

static struct guest_disk *add_first_disk(struct guest_setup *setup, const char *path, bool readonly)
{
    setup->disks = xreallocarray(setup->disks, setup->disk_count + 1, sizeof *setup->disks);
    memmove(setup->disks + 1, setup->disks, setup->disk_count * sizeof *setup->disks);
    setup->disk_count++;
    setup->rootfs_disk = true;
    setup->disks[0] = (struct guest_disk){.key = KEY_MOUNT_ROOTFS,
                                          .path = xstrdup(path),
                                          .fd = -1,
                                          .backing = -1,
                                          .hidden = TEMPFILE_NONE,
                                          .tree = -1,
                                          .readonly = readonly};
    return &setup->disks[0];
}

/* The rootfs alone, readable: without what is mounted in it. */
static int open_alone(const struct bundle *bundle, struct error *error)
{
    cleanup_close int tree = mount_detached_fd(bundle->rootfs_fd, bundle->rootfs, 0, error);
    if (tree < 0)
        return -1;
    int fd = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : error_errno(error, errno, "%s", bundle->rootfs);
}

/* What the guest writes goes to a layer of its own, unless nobody else has the image. */
static int attach_image(int cache, const struct monitor *monitor, struct rootfs_image *image,
                        struct guest_disk *disk, struct error *error)
{
    struct stat status;
    if (disk->readonly || image->own) {
        disk->fd = take_fd(image->fd);
        return 0;
    }
    if (!monitor->layers) {
        disk->fd = writable_layer_copy(cache, image->fd, error);
        return disk->fd >= 0 ? 0 : -1;
    }
    if (fstat(image->fd, &status) < 0)
        return error_errno(error, errno, "the image of the rootfs");
    disk->fd = writable_layer_qcow2(cache, (uint64_t)status.st_size, error);
    if (disk->fd < 0)
        return -1;
    disk->backing = take_fd(image->fd);
    return 0;
}

/* A kernel whose drivers are modules gets them first. */
static int add_modules(int root, struct guest_setup *setup, struct error *error)
{
    if (!setup->guest->boot_modules)
        return 0;
    setup->initrd.copy = boot_modules_archive(root, error);
    setup->boot_archive = setup->initrd.copy >= 0;
    return error_is_set(error) ? -1 : 0;
}

/* ---- the device that the rootfs is on ---- */

enum { KERNEL_MAX = 1 << 30 }; /* bytes */

/* The bytes of a file in memory, so that nothing of its file system stays open. */
static int copy_to_memory(struct guest_file *file, struct error *error)
{
    char path[64];
    struct stat status;
    int from = file->tree >= 0 ? file->tree : file->copy;
    snprintf(path, sizeof path, "/proc/self/fd/%d", from);
    cleanup_close int opened = open(path, O_RDONLY | O_CLOEXEC);
    cleanup_close int copy = memfd_create("kernel", MFD_CLOEXEC);
    if (opened < 0 || copy < 0 || fstat(opened, &status) < 0)
        return error_errno(error, errno, KEY_BINARY);
    if (status.st_size > KERNEL_MAX)
        return error_set(error,
                         KEY_BINARY ": %lld bytes; a kernel is copied to memory, and has at most %d MiB",
                         (long long)status.st_size, KERNEL_MAX >> 20);
    off_t at = 0;
    while (at < status.st_size) {
        ssize_t sent = sendfile(copy, opened, &at, (size_t)(status.st_size - at));
        if (sent == 0 || (sent < 0 && errno != EINTR))
            return error_errno(error, sent == 0 ? EIO : errno, KEY_BINARY);
    }
    close(from);
    *file = (struct guest_file){.tree = -1, .copy = take_fd(copy)};
    return 0;
}

static bool is_on_device(const struct bundle *bundle, struct guest_setup *setup)
{
    return !setup->monitor->disks_by_name && !hooks_has(bundle->hooks, HOOK_START_CONTAINER) &&
           mounted_device_find(bundle->rootfs_fd, &setup->rootfs_device);
}

static int add_device(const struct bundle *bundle, struct guest_setup *setup)
{
    struct guest_disk *disk = add_first_disk(setup, setup->rootfs_device.path, bundle->rootfs_readonly);
    disk->device = disk->nameless = true;
    return 0;
}

int rootfs_disk_take_device(struct bundle *bundle, struct guest_setup *setup, struct error *error)
{
    if (setup->rootfs_device.path == NULL)
        return 0;
    struct guest_disk *disk = &setup->disks[0];
    if (copy_to_memory(&setup->kernel, error) < 0)
        return -1;
    close(take_fd(bundle->rootfs_fd));
    disk->fd = mounted_device_take(&setup->rootfs_device, bundle->rootfs, disk->readonly, error);
    return disk->fd >= 0 ? 0 : error_prefix(error, KEY_MOUNT_ROOTFS);
}

/* ---- either of them ---- */

static void image_close(struct rootfs_image *image)
{
    if (image->fd >= 0)
        close(image->fd);
}

int rootfs_disk_add(const struct bundle *bundle, const struct config *config, struct guest_setup *setup,
                    struct error *error)
{
    const struct rootfs_cache_config *settings = &config->rootfs_cache;
    __attribute__((cleanup(image_close))) struct rootfs_image image = ROOTFS_IMAGE_NONE;
    cleanup_close int root = open_alone(bundle, error);
    if (root < 0 || add_modules(root, setup, error) < 0)
        return -1;
    if (is_on_device(bundle, setup))
        return add_device(bundle, setup);
    cleanup_close int cache = rootfs_cache_open(settings, error);
    const struct rootfs_source source = {.name = bundle->rootfs,
                                         .mounted = bundle->rootfs_fd,
                                         .root = root,
                                         .namespaces = &bundle->namespaces};
    if (cache < 0 || rootfs_cache_take(cache, settings, &source, &image, error) < 0)
        return -1;
    struct guest_disk *disk = add_first_disk(setup, bundle->rootfs, bundle->rootfs_readonly);
    if (attach_image(cache, setup->monitor, &image, disk, error) < 0)
        return -1;
    disk->nameless = !setup->monitor->disks_by_name;
    if (disk->nameless || disk->readonly)
        return 0;
    return writable_layer_link(cache, disk->fd, &disk->hidden, error);
}
