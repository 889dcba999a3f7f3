#include "runtime/storage/mounted_device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "runtime/storage/mount_table.h"

enum {
    UEVENT_MAX = 4096, /* bytes */
    /* The kernel finishes an unmount after the call has returned where others held the file system. */
    TAKE_TRIES = 500,
    TAKE_PAUSE_MS = 10,
};

/* What Linux mounts without modules of its own (fs/ext4 serves all three). */
static const char *const file_systems[] = {"ext2", "ext3", "ext4"};

static bool is_readable_for_guests(const char *type)
{
    for (size_t i = 0; i < sizeof file_systems / sizeof *file_systems; i++)
        if (strcmp(type, file_systems[i]) == 0)
            return true;
    return false;
}

/* "/dev/NAME", by the kernel's own name for it; NULL where there is none. */
static char *find_node(dev_t number)
{
    static const char key[] = "DEVNAME=";
    cleanup_error struct error ignored = {0};
    cleanup_buffer struct buffer text = {0};
    cleanup_free char *uevent = xasprintf("/sys/dev/block/%u:%u/uevent", major(number), minor(number));
    if (read_file(AT_FDCWD, uevent, UEVENT_MAX, &text, &ignored) < 0)
        return NULL;
    char *rest = text.data;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
        if (strncmp(line, key, sizeof key - 1) == 0)
            return xasprintf("/dev/%s", line + sizeof key - 1);
    return NULL;
}

static bool is_node_of(const struct stat *status, dev_t number)
{
    return S_ISBLK(status->st_mode) && status->st_rdev == number;
}

bool mounted_device_find(int rootfs, struct mounted_device *device)
{
    struct stat status;
    cleanup_mount_line struct mount_line mount = {0};
    if (!mount_table_find(rootfs, &mount) || strcmp(mount.root, "/") != 0 ||
        !is_readable_for_guests(mount.type) || mount_table_count(mount.device) != 1)
        return false;
    cleanup_free char *path = find_node(mount.device);
    if (path == NULL || stat(path, &status) < 0 || !is_node_of(&status, mount.device))
        return false;
    *device = (struct mounted_device){.path = take_pointer(path), .number = mount.device};
    return true;
}

void mounted_device_free(struct mounted_device *device)
{
    free(device->path);
    *device = (struct mounted_device){0};
}

static int open_exclusively(const char *path, bool readonly)
{
    const struct timespec pause = {.tv_nsec = TAKE_PAUSE_MS * 1000000L};
    int flags = (readonly ? O_RDONLY : O_RDWR) | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    for (int tries = 0;; tries++) {
        int fd = open(path, flags);
        if (fd >= 0 || errno != EBUSY || tries == TAKE_TRIES)
            return fd;
        nanosleep(&pause, NULL);
    }
}

int mounted_device_take(const struct mounted_device *device, const char *rootfs, bool readonly,
                        struct error *error)
{
    struct stat status;
    if (umount2(rootfs, UMOUNT_NOFOLLOW) < 0)
        return error_errno(error, errno, "%s: cannot unmount it, to give %s to the guest", rootfs,
                           device->path);
    cleanup_close int fd = open_exclusively(device->path, readonly);
    if (fd < 0 && errno == EBUSY)
        return error_set(error,
                         "%s: somebody else has it mounted or open, and a guest that writes to it would "
                         "destroy its file system",
                         device->path);
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(error, errno, "%s", device->path);
    if (!is_node_of(&status, device->number))
        return error_set(error, "%s: not the device any more that the rootfs was on", device->path);
    return take_fd(fd);
}
