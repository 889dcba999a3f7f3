#include "runtime/storage/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/beneath.h"
#include "formats/base/cleanup.h"
#include "formats/contract/annotations.h"

enum { SECTOR_SIZE = 512 };

static int open_file(int rootfd, const char *key, const char *path, int flags, struct error *error)
{
    int fd = beneath_open_file(rootfd, path, flags, BENEATH_IN_ROOT, error);
    if (fd < 0)
        error_prefix(error, "%s", key);
    return fd;
}

static int check_sectors(int fd, const char *path, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, KEY_BLOCK ": %s", path);
    if (status.st_size == 0 || status.st_size % SECTOR_SIZE != 0)
        return error_set(error, KEY_BLOCK ": %s: %lld bytes are not a whole number of %d-byte sectors", path,
                         (long long)status.st_size, SECTOR_SIZE);
    return 0;
}

static int open_block(int rootfd, const char *path, bool *readonly, struct error *error)
{
    cleanup_close int fd = open_file(rootfd, KEY_BLOCK, path, *readonly ? O_RDONLY : O_RDWR, error);
    if (fd < 0 && error->number == EROFS && !*readonly) {
        error_clear(error);
        *readonly = true;
        fd = open_file(rootfd, KEY_BLOCK, path, O_RDONLY, error);
    }
    if (fd < 0 || check_sectors(fd, path, error) < 0)
        return -1;
    return take_fd(fd);
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
    if (unikernel->block != NULL) {
        opened.block_readonly = readonly;
        opened.block = open_block(rootfd, unikernel->block, &opened.block_readonly, error);
        if (opened.block < 0)
            return -1;
    }
    *files = take(opened, GUEST_FILES_NONE);
    return 0;
}

void guest_files_close(struct guest_files *files)
{
    int fds[] = {files->binary, files->initrd, files->block};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    *files = GUEST_FILES_NONE;
}
