#include "runtime/init/machine/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/init/console.h"
#include "runtime/init/files.h"

struct mount {
    const char *type;
    const char *directory;
    unsigned long flags;
    const char *options;
};

static const struct mount kernel_mounts[] = {
    {"proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
    {"sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
    {"devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC, "mode=0755"},
};

static const struct mount runtime_mounts[] = {
    {"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666,gid=5"},
    {"tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777"},
    {"tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755"},
};

static void mount_one(const struct mount *mount_)
{
    mkdir(mount_->directory, 0755);
    /* EBUSY: the kernel did it (CONFIG_DEVTMPFS_MOUNT), or it moved here with the old root. */
    if (mount(mount_->type, mount_->directory, mount_->type, mount_->flags, mount_->options) < 0 &&
        errno != EBUSY)
        complain("%s:", mount_->directory);
}

void mount_kernel_file_systems(void)
{
    for (size_t i = 0; i < sizeof kernel_mounts / sizeof *kernel_mounts; i++)
        mount_one(&kernel_mounts[i]);
}

/* Links that devtmpfs leaves to userspace; container images write their logs to them. */
static void link_standard_streams(void)
{
    static const char *const links[][2] = {
        {"/proc/self/fd", "/dev/fd"},
        {"/proc/self/fd/0", "/dev/stdin"},
        {"/proc/self/fd/1", "/dev/stdout"},
        {"/proc/self/fd/2", "/dev/stderr"},
    };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (symlink(links[i][0], links[i][1]) < 0 && errno != EEXIST)
            complain("%s:", links[i][1]);
}

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

void mount_runtime_file_systems(void)
{
    /* The image may keep files in its /run (directories of its services), and they are to be seen. */
    for (size_t i = 0; i < sizeof runtime_mounts / sizeof *runtime_mounts; i++)
        if (strcmp(runtime_mounts[i].directory, "/run") != 0 || !is_directory("/run"))
            mount_one(&runtime_mounts[i]);
    if (!is_directory("/tmp") && mkdir("/tmp", 01777) == 0)
        chmod("/tmp", 01777); /* whatever the umask */
    link_standard_streams();
}

bool wait_for_device(const char *device)
{
    enum { PAUSE = 10 * 1000, ATTEMPTS = 1000 };
    for (int i = 0; i < ATTEMPTS; i++) {
        struct stat status;
        if (stat(device, &status) == 0 && S_ISBLK(status.st_mode))
            return true;
        usleep(PAUSE);
    }
    complain("%s: the block device did not come up within ten seconds: is its driver among the modules?",
             device);
    return false;
}

/* The monitor may offer the disk for reading only. */
static bool is_readonly_device(const char *device)
{
    int fd = open(device, O_RDONLY | O_CLOEXEC);
    int readonly = 0;
    bool known = fd >= 0 && ioctl(fd, BLKROGET, &readonly) == 0;
    if (fd >= 0)
        close(fd);
    return known && readonly != 0;
}

static bool try_type(const char *device, const char *directory, const char *type, bool readonly)
{
    return mount(device, directory, type, readonly ? MS_RDONLY : 0, NULL) == 0;
}

/* Types by likelihood: a driver that fails on a foreign file system says so on the console. */
static const char *const likely_types[] = {"ext4", "ext2", "ext3", "squashfs", "erofs", "xfs", "btrfs", NULL};

static bool is_known_type(const char *types, const char *type)
{
    size_t length = strlen(type);
    for (const char *at = types; (at = strstr(at, type)) != NULL; at += length)
        if (at > types && at[-1] == '\t' && at[length] == '\n')
            return true;
    return false;
}

static bool try_known_types(const char *device, const char *directory, bool readonly)
{
    char *types = read_whole("/proc/filesystems", NULL);
    if (types == NULL)
        return false;
    bool mounted = false;
    for (size_t i = 0; !mounted && likely_types[i] != NULL; i++)
        mounted =
            is_known_type(types, likely_types[i]) && try_type(device, directory, likely_types[i], readonly);
    /* Each line is "nodev\ttype", or "\ttype" where it lives on a block device. */
    char *rest = types;
    for (char *line = strsep(&rest, "\n"); !mounted && line != NULL; line = strsep(&rest, "\n"))
        mounted = line[0] == '\t' && try_type(device, directory, line + 1, readonly);
    free(types);
    return mounted;
}

bool mount_device(const char *device, const char *directory, const char *type, bool readonly)
{
    readonly = readonly || is_readonly_device(device);
    bool mounted = type != NULL ? try_type(device, directory, type, readonly)
                                : try_known_types(device, directory, readonly);
    if (!mounted && type != NULL)
        complain("%s: cannot mount it at %s as %s:", device, directory, type);
    else if (!mounted)
        complain("%s: cannot mount it at %s: no file system that this kernel knows: is its driver among the "
                 "modules?",
                 device, directory);
    return mounted;
}
