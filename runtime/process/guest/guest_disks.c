#include "runtime/process/guest/guest_disks.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/process/monitor_user.h"
#include "runtime/sandbox/mounts.h"

/* True if that user may open the file for reading and, unless it is read-only, for writing. */
static bool may_open(const struct stat *status, bool readonly, int64_t user)
{
    mode_t wanted = readonly ? 04 : 06;
    if (status->st_uid == user)
        wanted <<= 6;
    return (status->st_mode & wanted) == wanted;
}

static int mount_disk(struct guest_disk *disk, bool by_name, int64_t user, bool *by_owner,
                      struct error *error)
{
    struct stat status;
    unsigned flags = disk->readonly ? 0 : MOUNT_WRITABLE;
    if (fstat(disk->fd, &status) < 0)
        return error_errno(error, errno, "%s: %s", disk->key, disk->path);
    /* A file that was made without a name cannot be mounted through its descriptor, also once it has one. */
    cleanup_close int named = disk->hidden.name != NULL ? openat(disk->hidden.dirfd, disk->hidden.name,
                                                                 O_PATH | O_NOFOLLOW | O_CLOEXEC)
                                                        : -1;
    disk->tree = mount_detached_fd(named >= 0 ? named : disk->fd, disk->path, flags, error);
    if (disk->tree < 0)
        return error_prefix(error, "%s", disk->key);
    if (!by_name || user < 0 || may_open(&status, disk->readonly, user))
        return 0;
    if (mount_map_owner(disk->tree, status.st_uid, status.st_gid, (uid_t)user) < 0)
        *by_owner = true;
    return 0;
}

int guest_disks_mount(const struct bundle *bundle, struct guest_setup *setup, struct error *error)
{
    int64_t user = monitor_host_user(bundle);
    for (size_t i = 0; i < setup->disk_count; i++)
        if (!setup->disks[i].nameless && mount_disk(&setup->disks[i], setup->monitor->disks_by_name, user,
                                                    &setup->disks_by_owner, error) < 0)
            return -1;
    return 0;
}

int guest_disks_owner(const struct guest_setup *setup, struct identity *owner, struct error *error)
{
    if (!setup->disks_by_owner)
        return 0;
    for (size_t i = 0; i < setup->disk_count; i++) {
        struct stat status;
        const struct guest_disk *disk = &setup->disks[i];
        if (fstat(disk->fd, &status) < 0)
            return error_errno(error, errno, "%s: %s", disk->key, disk->path);
        if (i > 0 && status.st_uid != owner->uid)
            return error_set(
                error,
                "%s: %s belongs to user %u and %s to user %u: the monitor opens its disks itself, "
                "and cannot be both",
                disk->key, disk->path, status.st_uid, setup->disks[0].path, owner->uid);
        *owner = (struct identity){.uid = status.st_uid, .gid = status.st_gid};
    }
    return 1;
}

int guest_disks_check(const struct guest_setup *setup, struct error *error)
{
    for (size_t i = 0; setup->monitor->disks_by_name && i < setup->disk_count; i++) {
        const struct guest_disk *disk = &setup->disks[i];
        cleanup_free char *path = boot_disk_path(i);
        struct stat status = {0};
        cleanup_close int fd = open(path, (disk->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
        if (fd >= 0)
            continue;
        int number = errno;
        stat(path, &status);
        return error_errno(error, number,
                           "%s: %s: the monitor opens it itself, as user %u:%u (mode %04o, owner %u:%u)",
                           disk->key, disk->path, geteuid(), getegid(), status.st_mode & 07777, status.st_uid,
                           status.st_gid);
    }
    return 0;
}
