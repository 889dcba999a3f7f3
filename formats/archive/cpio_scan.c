/* Walking the headers of a newc archive of an image: no field of it is trusted. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/archive/cpio.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"

enum {
    HEADER_SIZE = 110,
    FIELD_SIZE = 8,
    FIELD_MODE = 1,
    FIELD_FILE_SIZE = 6,
    FIELD_NAME_SIZE = 11,
    CHUNK = HEADER_SIZE + PATH_MAX,
};

/* newc, and the same with checksums. */
static const char magic[] = "070701", magic_with_checksums[] = "070702";
static const char trailer[] = "TRAILER!!!";

struct scan {
    int fd;
    uint64_t size;                 /* of the file, bytes */
    uint64_t at;                   /* of the header */
    struct inode *present;         /* or NULL */
    const struct inode *replacing; /* with a sink: cpio_copy_rest */
    struct sink *sink;             /* or NULL */
};

struct member {
    const char *name; /* ends with NUL */
    uint32_t mode;
    uint64_t next; /* where the member behind begins */
};

static bool read_field(const char *header, size_t field, uint32_t *value)
{
    char digits[FIELD_SIZE + 1] = "";
    memcpy(digits, header + sizeof magic - 1 + field * FIELD_SIZE, FIELD_SIZE);
    if (strspn(digits, "0123456789abcdefABCDEF") != FIELD_SIZE)
        return false;
    *value = (uint32_t)strtoul(digits, NULL, 16);
    return true;
}

static uint64_t align(uint64_t at)
{
    return (at + 3) & ~(uint64_t)3;
}

/* Reads the member at `scan->at` into `chunk`. 1, 0 where what stands there is none, -1. */
static int read_member(const struct scan *scan, char *chunk, struct member *member, struct error *error)
{
    uint32_t name_size = 0, file_size = 0;
    ssize_t got = pread_all(scan->fd, chunk, CHUNK, (off_t)scan->at);
    if (got < 0)
        return error_errno(error, errno, "read");
    if (got < HEADER_SIZE ||
        (memcmp(chunk, magic, sizeof magic - 1) != 0 &&
         memcmp(chunk, magic_with_checksums, sizeof magic - 1) != 0) ||
        !read_field(chunk, FIELD_MODE, &member->mode) || !read_field(chunk, FIELD_FILE_SIZE, &file_size) ||
        !read_field(chunk, FIELD_NAME_SIZE, &name_size))
        return 0;
    if (name_size == 0 || name_size > PATH_MAX || (size_t)got < HEADER_SIZE + (size_t)name_size ||
        chunk[HEADER_SIZE + name_size - 1] != '\0')
        return 0;
    member->name = chunk + HEADER_SIZE;
    member->next = align(align(scan->at + HEADER_SIZE + name_size) + file_size);
    /* An archive may end with its last member's bytes, without what aligns them. */
    return align(scan->at + HEADER_SIZE + name_size) + file_size <= scan->size ? 1 : 0;
}

static struct inode *enter(struct inode *directory, const char *name, mode_t type)
{
    struct inode *child = tree_child(directory, name);
    if (child != NULL)
        return child;
    cleanup_inode struct inode *made = inode_new(type | 0755);
    tree_put(directory, name, made);
    return tree_child(directory, name);
}

static void add_present(struct inode *root, const char *name, mode_t type)
{
    cleanup_free char *path = path_clean(name, PATH_DOTS_REFUSE);
    if (path == NULL || *path == '\0')
        return;
    char *rest = path;
    for (char *part = strsep(&rest, "/"); part != NULL && S_ISDIR(root->mode); part = strsep(&rest, "/"))
        root = enter(root, part, rest == NULL ? type : S_IFDIR);
}

/* 1 where there is nothing but zeros from `at` on, 0, or -1. */
static int only_zeros(const struct scan *scan, uint64_t at, struct error *error)
{
    char chunk[CHUNK];
    while (at < scan->size) {
        ssize_t got = pread_all(scan->fd, chunk, sizeof chunk, (off_t)at);
        if (got < 0)
            return error_errno(error, errno, "read");
        for (ssize_t i = 0; i < got; i++)
            if (chunk[i] != '\0')
                return 0;
        if (got == 0)
            break;
        at += (uint64_t)got;
    }
    return 1;
}

static bool is_replaced(const struct inode *replacing, const char *name)
{
    cleanup_free char *path = path_clean(name, PATH_DOTS_REFUSE);
    char *rest = path;
    for (char *part = strsep(&rest, "/"); part != NULL && replacing != NULL; part = strsep(&rest, "/"))
        replacing = S_ISDIR(replacing->mode) ? tree_child(replacing, part) : NULL;
    return path != NULL && replacing != NULL && !S_ISDIR(replacing->mode);
}

static int copy_member(const struct scan *scan, uint64_t next, struct error *error)
{
    char chunk[CHUNK];
    for (uint64_t at = scan->at; at < next && at < scan->size;) {
        size_t wanted = next - at < sizeof chunk ? (size_t)(next - at) : sizeof chunk;
        ssize_t got = pread_all(scan->fd, chunk, wanted, (off_t)at);
        if (got <= 0)
            return got < 0 ? error_errno(error, errno, "read") : 0;
        if (sink_write(scan->sink, chunk, (size_t)got, error) < 0)
            return -1;
        at += (uint64_t)got;
    }
    return 0;
}

static int take_member(const struct scan *scan, const struct member *member, struct error *error)
{
    if (scan->present != NULL && (S_ISDIR(member->mode) || S_ISLNK(member->mode)))
        add_present(scan->present, member->name, member->mode & S_IFMT);
    if (scan->sink == NULL || is_replaced(scan->replacing, member->name))
        return 0;
    return copy_member(scan, member->next, error);
}

/* 1 where it is a single archive, 0, or -1. */
static int walk(struct scan *scan, struct error *error)
{
    char chunk[CHUNK];
    struct member member;
    while (scan->at < scan->size) {
        int found = read_member(scan, chunk, &member, error);
        if (found <= 0) /* zeros in place of a trailer end it, too */
            return found < 0 || scan->at == 0 ? found : only_zeros(scan, scan->at, error);
        if (strcmp(member.name, trailer) == 0)
            return only_zeros(scan, member.next, error);
        if (take_member(scan, &member, error) < 0)
            return -1;
        scan->at = member.next;
    }
    return scan->at > 0 ? 1 : 0;
}

int cpio_scan(int fd, enum cpio_kind *kind, uint64_t *end, struct inode *present, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "read");
    struct scan scan = {.fd = fd, .size = (uint64_t)status.st_size, .present = present};
    int single = walk(&scan, error);
    if (single < 0)
        return -1;
    *kind = single > 0 ? CPIO_SINGLE : CPIO_OTHER;
    *end = scan.at < scan.size ? scan.at : scan.size;
    return 0;
}

int cpio_copy_rest(int fd, const struct inode *replacing, struct sink *sink, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(error, errno, "read");
    struct scan scan = {.fd = fd, .size = (uint64_t)status.st_size, .replacing = replacing, .sink = sink};
    int single = walk(&scan, error);
    return single > 0 ? 0 : single < 0 ? -1 : error_set(error, "it changed while it was read");
}
