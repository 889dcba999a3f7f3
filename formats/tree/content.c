#include "formats/tree/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/beneath.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/open.h"

enum { READ_SIZE = 512 * 1024 }; /* bytes; larger than the sinks' buffers, so that large files pass them by */

enum content_kind {
    CONTENT_MEMORY,
    CONTENT_FD,
    CONTENT_PATH,
};

/* A file that differs in any of these is not the one that it was. ctime may differ: a hard link or a chmod
 * that another process makes meanwhile leaves the bytes as they are. */
struct identity {
    dev_t device;
    ino_t inode;
    struct timespec mtime;
};

struct content {
    unsigned references;
    enum content_kind kind;
    int fd; /* CONTENT_FD: owned; CONTENT_PATH: the root, borrowed */
    uint64_t size;
    struct identity identity;
    char bytes[]; /* the bytes (CONTENT_MEMORY), else the name with its NUL: one allocation a file */
};

static struct content *content_new(enum content_kind kind, const void *bytes, size_t length)
{
    struct content *content = xcalloc(1, sizeof *content + length + 1);
    content->references = 1;
    content->kind = kind;
    content->fd = -1;
    if (length > 0)
        memcpy(content->bytes, bytes, length);
    return content;
}

static bool same_file(const struct content *content, const struct stat *status)
{
    return S_ISREG(status->st_mode) && (uint64_t)status->st_size == content->size &&
           status->st_dev == content->identity.device && status->st_ino == content->identity.inode &&
           status->st_mtim.tv_sec == content->identity.mtime.tv_sec &&
           status->st_mtim.tv_nsec == content->identity.mtime.tv_nsec;
}

static void remember(struct content *content, const struct stat *status)
{
    content->size = (uint64_t)status->st_size;
    content->identity = (struct identity){status->st_dev, status->st_ino, status->st_mtim};
}

/* Remembers what the opened file is now. */
static int identify(struct content *content, int fd, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "%s", content->bytes);
    if (!S_ISREG(status.st_mode))
        return error_set(error, "%s: not a regular file", content->bytes);
    remember(content, &status);
    return 0;
}

struct content *content_of_memory(const void *bytes, size_t length)
{
    struct content *content = content_new(CONTENT_MEMORY, bytes, length);
    content->size = length;
    return content;
}

struct content *content_of_fd(int fd, const char *name, struct error *error)
{
    struct content *content = content_new(CONTENT_FD, name, strlen(name));
    content->fd = fd;
    if (identify(content, fd, error) < 0) {
        content_unref(content);
        return NULL;
    }
    return content;
}

struct content *content_of_path(int rootfd, const char *path, struct error *error)
{
    /* O_PATH: remembering a file needs no permission to read it, and opens no FIFO or device. */
    cleanup_close int fd = beneath_open(rootfd, path, O_PATH, 0, BENEATH_STRICT, error);
    if (fd < 0)
        return NULL;
    struct content *content = content_new(CONTENT_PATH, path, strlen(path));
    content->fd = rootfd;
    if (identify(content, fd, error) < 0) {
        content_unref(content);
        return NULL;
    }
    return content;
}

struct content *content_ref(struct content *content)
{
    content->references++;
    return content;
}

void content_unref(struct content *content)
{
    if (content == NULL || --content->references > 0)
        return;
    if (content->kind == CONTENT_FD)
        close(content->fd);
    free(content);
}

uint64_t content_size(const struct content *content)
{
    return content->size;
}

const char *content_name(const struct content *content)
{
    return content->kind == CONTENT_MEMORY ? "(generated)" : content->bytes;
}

const void *content_memory(const struct content *content)
{
    return content->kind == CONTENT_MEMORY ? content->bytes : NULL;
}

int content_unchanged(const struct content *content, int fd, struct error *error)
{
    if (content->kind == CONTENT_MEMORY)
        return 0;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "%s", content->bytes);
    if (!same_file(content, &status))
        return error_set(error, "%s: changed while it was being read", content->bytes);
    return 0;
}

static int open_memory(const struct content *content, struct error *error)
{
    cleanup_close int fd = memfd_create("content", MFD_CLOEXEC);
    if (fd < 0)
        return error_errno(error, errno, "memfd_create");
    if (pwrite_all(fd, content->bytes, content->size, 0, content_name(content), error) < 0)
        return -1;
    return take_fd(fd);
}

static int open_anew(const struct content *content, struct error *error)
{
    if (content->kind == CONTENT_PATH)
        return beneath_open_file(content->fd, content->bytes, O_RDONLY, BENEATH_STRICT, error);
    /* Readers must not share an offset, as they would after dup(2). */
    int fd = reopen_descriptor(content->fd, O_RDONLY);
    return fd >= 0 ? fd : error_errno(error, errno, "%s: cannot be opened again", content->bytes);
}

int content_open(const struct content *content, struct error *error)
{
    if (content->kind == CONTENT_MEMORY)
        return open_memory(content, error);
    cleanup_close int fd = open_anew(content, error);
    if (fd < 0 || content_unchanged(content, fd, error) < 0)
        return -1;
    return take_fd(fd);
}

int content_read(const struct content *content, int fd, void *bytes, size_t length, uint64_t offset,
                 struct error *error)
{
    ssize_t got = pread_all(fd, bytes, length, (off_t)offset);
    if (got < 0)
        return error_errno(error, errno, "%s: read", content_name(content));
    if ((size_t)got < length)
        return error_set(error, "%s: changed while it was being read", content_name(content));
    return 0;
}

int content_write_to(const struct content *content, struct sink *sink, struct error *error)
{
    if (content->size == 0)
        return 0;
    if (content->kind == CONTENT_MEMORY)
        return sink_write(sink, content->bytes, content->size, error);
    cleanup_close int fd = content_open(content, error);
    if (fd < 0)
        return -1;
    size_t capacity = content->size < READ_SIZE ? (size_t)content->size : READ_SIZE;
    cleanup_free char *buffer = xreallocarray(NULL, capacity, 1);
    for (uint64_t offset = 0; offset < content->size;) {
        uint64_t left = content->size - offset;
        size_t part = left < capacity ? (size_t)left : capacity;
        if (content_read(content, fd, buffer, part, offset, error) < 0 ||
            sink_write(sink, buffer, part, error) < 0)
            return -1;
        offset += part;
    }
    return content_unchanged(content, fd, error);
}
