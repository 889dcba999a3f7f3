#include "runtime/init/machine/volumes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/init/console.h"
#include "runtime/init/files.h"
#include "runtime/init/machine/mounts.h"

static bool has_flag(const struct mount_setting *setting, char flag)
{
    return strchr(setting->flags, flag) != NULL;
}

static unsigned long mount_flags(const struct mount_setting *setting)
{
    return MS_NOSUID | MS_NODEV | (has_flag(setting, 'r') ? MS_RDONLY : 0) |
           (has_flag(setting, 'x') ? MS_NOEXEC : 0);
}

/* The old root is not below the new one any more, but a descriptor leads there still. */
static bool bind(int fd, const struct mount_setting *setting)
{
    char source[64];
    struct stat status;
    snprintf(source, sizeof source, "/proc/self/fd/%d", fd);
    if (fstat(fd, &status) < 0)
        return false;
    int made = S_ISDIR(status.st_mode) ? make_directories(setting->directory) : make_file(setting->directory);
    if (made < 0 || mount(source, setting->directory, NULL, MS_BIND, NULL) < 0)
        return false;
    unsigned long flags = MS_REMOUNT | MS_BIND | mount_flags(setting);
    return mount(NULL, setting->directory, NULL, flags, NULL) == 0;
}

static bool mount_tree(const struct mount_setting *setting, int trees)
{
    int fd = openat(trees, setting->source, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    bool mounted = fd >= 0 && bind(fd, setting);
    if (!mounted)
        complain("%s: cannot be mounted:", setting->directory);
    if (fd >= 0)
        close(fd);
    return mounted;
}

static bool mount_disk(const struct mount_setting *setting)
{
    if (!wait_for_device(setting->source))
        return false;
    if (make_directories(setting->directory) < 0) {
        complain("%s:", setting->directory);
        return false;
    }
    return mount_device(setting->source, setting->directory, NULL, has_flag(setting, 'r'));
}

/* 9p2000.L is the dialect that knows Linux's owners and modes (Linux, Documentation/filesystems/9p.rst); a
 * large message saves many small ones. */
static bool mount_9p(const struct mount_setting *setting)
{
    if (make_directories(setting->directory) == 0 &&
        mount(setting->source, setting->directory, "9p", mount_flags(setting),
              "trans=virtio,version=9p2000.L,msize=262144,access=client") == 0)
        return true;
    complain("%s: cannot mount the host's directory (does the kernel have 9p over virtio?):",
             setting->directory);
    return false;
}

static bool mount_virtiofs(const struct mount_setting *setting)
{
    if (make_directories(setting->directory) == 0 &&
        mount(setting->source, setting->directory, "virtiofs", mount_flags(setting), NULL) == 0)
        return true;
    complain("%s: cannot mount the host's directory (does the kernel have virtiofs?):", setting->directory);
    return false;
}

static bool mount_tmpfs(const struct mount_setting *setting)
{
    if (make_directories(setting->directory) == 0 &&
        mount("tmpfs", setting->directory, "tmpfs", mount_flags(setting), setting->source) == 0)
        return true;
    complain("%s: cannot mount a tmpfs (%s):", setting->directory, setting->source);
    return false;
}

static bool mount_one(const struct mount_setting *setting, int trees)
{
    if (strcmp(setting->kind, "tree") == 0)
        return mount_tree(setting, trees);
    if (strcmp(setting->kind, "disk") == 0)
        return mount_disk(setting);
    if (strcmp(setting->kind, "virtiofs") == 0)
        return mount_virtiofs(setting);
    if (strcmp(setting->kind, "9p") == 0)
        return mount_9p(setting);
    if (strcmp(setting->kind, "tmpfs") == 0)
        return mount_tmpfs(setting);
    complain("%s: unknown kind of mount %s", setting->directory, setting->kind);
    return false;
}

/* The devices' numbers come first: the name of one may be where another one stands. */
static bool find_numbers(const struct cmdline *cmdline, dev_t *numbers)
{
    for (size_t i = 0; i < cmdline->node_count; i++) {
        struct stat status;
        if (!wait_for_device(cmdline->nodes[i].device) || stat(cmdline->nodes[i].device, &status) < 0)
            return false;
        numbers[i] = status.st_rdev;
    }
    return true;
}

static bool make_node(const struct node_setting *node, dev_t number)
{
    struct stat status;
    char *slash = strrchr(node->path, '/');
    *slash = '\0';
    bool made = slash == node->path || make_directories(node->path) == 0;
    *slash = '/';
    if (lstat(node->path, &status) == 0 && !S_ISDIR(status.st_mode))
        unlink(node->path);
    if (made && mknod(node->path, S_IFBLK | node->mode, number) == 0 && chmod(node->path, node->mode) == 0 &&
        chown(node->path, node->uid, node->gid) == 0)
        return true;
    complain("%s: cannot name the block device so:", node->path);
    return false;
}

static bool make_nodes(const struct cmdline *cmdline)
{
    dev_t *numbers = calloc(cmdline->node_count + 1, sizeof *numbers);
    bool good = numbers != NULL && find_numbers(cmdline, numbers);
    for (size_t i = 0; good && i < cmdline->node_count; i++)
        good = make_node(&cmdline->nodes[i], numbers[i]);
    free(numbers);
    return good;
}

bool mount_settings(const struct cmdline *cmdline, int trees)
{
    bool good = !cmdline->mounts_are_malformed;
    if (!good)
        complain("the host's list of mounts is malformed");
    for (size_t i = 0; good && i < cmdline->mount_count; i++)
        good = mount_one(&cmdline->mounts[i], trees) || has_flag(&cmdline->mounts[i], 'o');
    if (trees >= 0)
        close(trees);
    return good && make_nodes(cmdline);
}
