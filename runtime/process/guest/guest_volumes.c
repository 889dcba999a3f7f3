#include "runtime/process/guest/guest_volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/contract/annotations.h"
#include "runtime/sandbox/mounts.h"

enum { SECTOR_SIZE = 512, DISKS_MAX = 26 /* vda to vdz */ };

int guest_share_add(struct guest_setup *setup, int fd, const char *name, const char *destination,
                    bool readonly, bool recursive, struct error *error)
{
    unsigned flags = (readonly ? 0U : MOUNT_WRITABLE) | (recursive ? MOUNT_RECURSIVE : 0U);
    cleanup_close int tree = mount_detached_fd(fd, name, flags, error);
    if (tree < 0)
        return -1;
    setup->shares = xreallocarray(setup->shares, setup->share_count + 1, sizeof *setup->shares);
    setup->shares[setup->share_count] = (struct guest_share){
        .tag = xasprintf(BOOT_SHARE_TAG_PREFIX "%zu", setup->share_count),
        .destination = xstrdup(destination),
        .tree = take_fd(tree),
        .readonly = readonly,
        .listener = -1,
        .connection = -1,
    };
    return (int)setup->share_count++;
}

/* ---- disks ---- */

/* What a file system begins with: Linux, fs/ext4/ext4.h, fs/xfs/xfs_log_format.h, fs/squashfs/squashfs_fs.h,
 * fs/erofs/erofs_fs.h, fs/btrfs; ECMA-119 for ISO 9660. */
static const struct mark {
    off_t at;
    const char *bytes;
    size_t length;
} marks[] = {
    {1080, "\x53\xef", 2},         {0, "XFSB", 4},         {0, "hsqs", 4},
    {1024, "\xe2\xe1\xf5\xe0", 4}, {65600, "_BHRfS_M", 8}, {32769, "CD001", 5},
};

static int reopen(int fd, int flags)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, flags | O_CLOEXEC | O_NONBLOCK);
}

bool guest_volume_holds_a_system(int fd)
{
    struct stat status;
    char bytes[8];
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size % SECTOR_SIZE != 0)
        return false;
    cleanup_close int opened = reopen(fd, O_RDONLY);
    for (size_t i = 0; opened >= 0 && i < sizeof marks / sizeof *marks; i++)
        if (pread_all(opened, bytes, marks[i].length, marks[i].at) == (ssize_t)marks[i].length &&
            memcmp(bytes, marks[i].bytes, marks[i].length) == 0)
            return true;
    return false;
}

static int fail(const char *key, const struct bundle_mount *mount, int number, struct error *error)
{
    if (number == EBUSY || number == EWOULDBLOCK)
        return error_set(error,
                         "%s: %s (%s): the host or another guest uses it, and a second one that writes to it "
                         "would destroy its file system",
                         key, mount->destination, mount->source);
    return error_errno(error, number, "%s: %s (%s)", key, mount->destination, mount->source);
}

/* A device is opened exclusively, and a file locked as such programs do: a lock ends with the monitor, who
 * has the descriptor. Many may read what nobody writes. */
static int open_volume(const char *key, const struct bundle_mount *mount, bool device, struct error *error)
{
    int exclusively = device && !mount->readonly ? O_EXCL : 0;
    cleanup_close int fd = reopen(mount->fd, (mount->readonly ? O_RDONLY : O_RDWR) | exclusively);
    if (fd < 0 || fcntl(fd, F_SETFL, 0) < 0)
        return fail(key, mount, errno, error);
    if (!device && flock(fd, (mount->readonly ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0)
        return fail(key, mount, errno, error);
    return take_fd(fd);
}

int guest_volume_add(struct guest_setup *setup, const char *key, const struct bundle_mount *mount,
                     struct error *error)
{
    bool device = S_ISBLK(mount->status.st_mode);
    if (device && setup->monitor->disks_by_name)
        return error_set(
            error, "%s: %s (%s): %s opens its disks by name, and no device node of the host is in its root",
            key, mount->destination, mount->source, hypervisor_name(setup->unikernel.hypervisor));
    if (setup->disk_count >= DISKS_MAX)
        return error_set(error, "%s: %s (%s): a guest has at most %d disks", key, mount->destination,
                         mount->source, DISKS_MAX);
    int fd = open_volume(key, mount, device, error);
    if (fd < 0)
        return -1;
    setup->disks = xreallocarray(setup->disks, setup->disk_count + 1, sizeof *setup->disks);
    setup->disks[setup->disk_count] = (struct guest_disk){
        .key = key,
        .path = xstrdup(mount->source),
        .fd = fd,
        .backing = -1,
        .hidden = TEMPFILE_NONE,
        .nameless = device,
        .tree = -1,
        .readonly = mount->readonly,
        .device = device,
    };
    return (int)setup->disk_count++;
}
