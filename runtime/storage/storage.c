#include "runtime/storage/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/beneath.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/contract/annotations.h"
#include "formats/contract/blocks.h"

enum { SECTOR_SIZE = 512 };

static int open_file(int rootfd, const char *key, const char *path, int flags, struct error *error)
{
    int fd = beneath_open_file(rootfd, path, flags, BENEATH_IN_ROOT, error);
    if (fd < 0)
        error_prefix(error, "%s", key);
    return fd;
}

static int check_sectors(const struct guest_disk *disk, unsigned size, struct error *error)
{
    struct stat status;
    if (fstat(disk->fd, &status) < 0)
        return error_errno(error, errno, "%s: %s", disk->key, disk->path);
    if (status.st_size > 0 && status.st_size % size == 0)
        return 0;
    return error_set(error, "%s: %s: %lld bytes are not a whole number of %u-byte sectors", disk->key,
                     disk->path, (long long)status.st_size, size);
}

/* Two devices on one file would overwrite each other's blocks. */
static int check_only_disk(const struct guest_files *files, const char *key, const char *path,
                           const struct stat *status, struct error *error)
{
    struct stat other;
    for (size_t i = 0; i < files->disk_count; i++)
        if (fstat(files->disks[i].fd, &other) == 0 && other.st_dev == status->st_dev &&
            other.st_ino == status->st_ino)
            return error_set(error, "%s: %s: the same file as the disk %s", key, path, files->disks[i].path);
    return 0;
}

static int open_block(int rootfd, const char *key, const char *path, bool *readonly, struct error *error)
{
    int fd = open_file(rootfd, key, path, *readonly ? O_RDONLY : O_RDWR, error);
    if (fd >= 0 || error->number != EROFS || *readonly)
        return fd;
    error_clear(error);
    *readonly = true;
    return open_file(rootfd, key, path, O_RDONLY, error);
}

static int add_disk(int rootfd, const char *key, const char *name, const char *path, bool readonly,
                    struct guest_files *files, struct error *error)
{
    struct stat status;
    cleanup_close int fd = open_block(rootfd, key, path, &readonly, error);
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "%s: %s", key, path);
    if (check_only_disk(files, key, path, &status, error) < 0)
        return -1;
    files->disks = xreallocarray(files->disks, files->disk_count + 1, sizeof *files->disks);
    files->disks[files->disk_count++] = (struct guest_disk){.key = key,
                                                            .name = name != NULL ? xstrdup(name) : NULL,
                                                            .path = xstrdup(path),
                                                            .fd = take_fd(fd),
                                                            .backing = -1,
                                                            .hidden = TEMPFILE_NONE,
                                                            .tree = -1,
                                                            .readonly = readonly};
    return 0;
}

static int open_disks(int rootfd, const struct unikernel *unikernel, bool readonly, struct guest_files *files,
                      struct error *error)
{
    cleanup_named_blocks struct named_blocks blocks = {0};
    if (unikernel->block != NULL &&
        add_disk(rootfd, KEY_BLOCK, NULL, unikernel->block, readonly, files, error) < 0)
        return -1;
    if (named_blocks_parse(unikernel->blocks, &blocks, error) < 0)
        return error_prefix(error, KEY_BLOCKS);
    for (size_t i = 0; i < blocks.count; i++)
        if (add_disk(rootfd, KEY_BLOCKS, blocks.items[i].name, blocks.items[i].path, readonly, files, error) <
            0)
            return -1;
    unsigned size = unikernel->sector_size != 0 ? unikernel->sector_size : SECTOR_SIZE;
    for (size_t i = 0; i < files->disk_count; i++)
        if (check_sectors(&files->disks[i], size, error) < 0)
            return -1;
    return 0;
}

int guest_files_open(int rootfd, const struct unikernel *unikernel, bool readonly, struct guest_files *files,
                     struct error *error)
{
    *files = GUEST_FILES_NONE;
    cleanup_guest_files struct guest_files opened = GUEST_FILES_NONE;
    opened.binary = open_file(rootfd, KEY_BINARY, unikernel->binary, O_RDONLY, error);
    if (opened.binary < 0)
        return -1;
    if (unikernel->initrd != NULL) {
        opened.initrd = open_file(rootfd, KEY_INITRD, unikernel->initrd, O_RDONLY, error);
        if (opened.initrd < 0)
            return -1;
    }
    if (open_disks(rootfd, unikernel, readonly, &opened, error) < 0)
        return -1;
    *files = take(opened, GUEST_FILES_NONE);
    return 0;
}

void guest_disks_free(struct guest_disk *disks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(disks[i].name);
        free(disks[i].path);
        if (disks[i].fd >= 0)
            close(disks[i].fd);
        tempfile_free(&disks[i].hidden);
        if (disks[i].backing >= 0)
            close(disks[i].backing);
        if (disks[i].tree >= 0)
            close(disks[i].tree);
    }
    free(disks);
}

void guest_shares_free(struct guest_share *shares, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(shares[i].tag);
        free(shares[i].destination);
        const int fds[] = {shares[i].tree, shares[i].listener, shares[i].connection};
        for (size_t j = 0; j < sizeof fds / sizeof *fds; j++)
            if (fds[j] >= 0)
                close(fds[j]);
    }
    free(shares);
}

void guest_files_close(struct guest_files *files)
{
    int fds[] = {files->binary, files->initrd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    guest_disks_free(files->disks, files->disk_count);
    *files = GUEST_FILES_NONE;
}
