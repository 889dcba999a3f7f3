/*
 * From the initramfs to the block device that root= names: what the kernel does by itself where its drivers
 * are built in, and what initramfs-tools and dracut do with switch_root(8).
 */
#include "runtime/init/machine/root.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "runtime/init/console.h"
#include "runtime/init/machine/mounts.h"
#include "runtime/init/settings.h"

#define NEW_ROOT "/.urunc-root"

/* statfs(2) */
enum { RAMFS_MAGIC_NUMBER = 0x858458f6, TMPFS_MAGIC_NUMBER = 0x01021994 };

bool root_is_elsewhere(const struct cmdline *cmdline)
{
    struct statfs status;
    if (cmdline->root == NULL || strncmp(cmdline->root, "/dev/", 5) != 0 ||
        strcmp(cmdline->root, "/dev/ram0") == 0)
        return false;
    if (statfs("/", &status) < 0)
        return false;
    unsigned long type = (unsigned long)status.f_type & 0xffffffff;
    return type == (unsigned)RAMFS_MAGIC_NUMBER || type == TMPFS_MAGIC_NUMBER;
}

static bool is_kept(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, &SETTINGS_DIRECTORY[1]) == 0;
}

/* Removes what is below the directory and on the same file system, but for the host's trees, which are about
 * to be mounted. Takes the descriptor. */
static void remove_below(int fd, dev_t device)
{
    DIR *directory = fdopendir(fd);
    if (directory == NULL) {
        close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        struct stat status;
        if (is_kept(entry->d_name) || fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
            status.st_dev != device)
            continue;
        if (!S_ISDIR(status.st_mode)) {
            unlinkat(fd, entry->d_name, 0);
            continue;
        }
        int below = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0)
            remove_below(below, device);
        unlinkat(fd, entry->d_name, AT_REMOVEDIR);
    }
    closedir(directory);
}

/* A mount that the new root has no directory for stays behind, detached. */
static void carry_over(const char *from)
{
    char to[64];
    snprintf(to, sizeof to, NEW_ROOT "%s", from);
    mkdir(to, 0755);
    if (mount(from, to, NULL, MS_MOVE, NULL) < 0) {
        complain("%s: the directory is missing in the root file system:", from);
        umount2(from, MNT_DETACH);
    }
}

bool root_switch(const struct cmdline *cmdline)
{
    mkdir(NEW_ROOT, 0755);
    if (!wait_for_device(cmdline->root) ||
        !mount_device(cmdline->root, NEW_ROOT, cmdline->root_type, cmdline->root_readonly))
        return false;
    static const char *const mounts[] = {"/dev", "/sys", "/proc"};
    for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++)
        carry_over(mounts[i]);

    struct stat status;
    int old = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (old < 0 || fstat(old, &status) < 0 || chdir(NEW_ROOT) < 0 ||
        mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0) {
        complain("cannot make %s the root:", cmdline->root);
        return false;
    }
    remove_below(old, status.st_dev); /* its memory is the guest's */
    return true;
}
