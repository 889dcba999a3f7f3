/*
 * pack cpio|ext2|layer|layer-zstd|layer-none TREE OUT: what the formats cost by themselves, without a builder
 * around them. Scans a directory and writes it to OUT; `-s` syncs OUT as mke2fs does, `-S BYTES` gives the
 * ext2 image's size.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "formats/archive/cpio.h"
#include "formats/archive/layer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/ext2/ext2.h"

/* A hard link's other names, found by device and inode number. */
struct seen {
    dev_t device;
    ino_t number;
    struct inode *inode;
};

struct scanner {
    const char *tree;
    int rootfd;
    struct seen *seen;
    size_t seen_count;
    struct error error;
};

static int scan_directory(struct scanner *scanner, const char *path, struct inode *directory);

static void read_xattrs(const char *path, struct inode *inode)
{
    char names[65536], value[65536];
    ssize_t length = llistxattr(path, names, sizeof names);
    for (const char *name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
        ssize_t size = lgetxattr(path, name, value, sizeof value);
        if (size >= 0)
            inode_set_xattr(inode, name, value, (size_t)size);
    }
}

static struct inode *find_seen(const struct scanner *scanner, const struct stat *status)
{
    for (size_t i = 0; i < scanner->seen_count; i++)
        if (scanner->seen[i].number == status->st_ino && scanner->seen[i].device == status->st_dev)
            return inode_ref(scanner->seen[i].inode);
    return NULL;
}

static void remember(struct scanner *scanner, const struct stat *status, struct inode *inode)
{
    scanner->seen = xreallocarray(scanner->seen, scanner->seen_count + 1, sizeof *scanner->seen);
    scanner->seen[scanner->seen_count++] = (struct seen){status->st_dev, status->st_ino, inode};
}

static int fill(struct scanner *scanner, const char *path, const char *full, struct inode *inode)
{
    if (S_ISREG(inode->mode)) {
        inode->content = content_of_path(scanner->rootfd, path, &scanner->error);
        return inode->content != NULL ? 0 : -1;
    }
    if (S_ISLNK(inode->mode)) {
        char target[4096];
        ssize_t length = readlink(full, target, sizeof target);
        if (length < 0)
            return error_errno(&scanner->error, errno, "%s", full);
        inode->target = xstrndup(target, (size_t)length);
        return 0;
    }
    return S_ISDIR(inode->mode) ? scan_directory(scanner, path, inode) : 0;
}

static struct inode *scan(struct scanner *scanner, const char *path)
{
    cleanup_free char *full = xasprintf("%s/%s", scanner->tree, path);
    struct stat status;
    if (lstat(full, &status) < 0) {
        error_errno(&scanner->error, errno, "%s", full);
        return NULL;
    }
    bool linked = status.st_nlink > 1 && !S_ISDIR(status.st_mode);
    struct inode *known = linked ? find_seen(scanner, &status) : NULL;
    if (known != NULL)
        return known;
    cleanup_inode struct inode *inode = inode_new(status.st_mode);
    inode->uid = status.st_uid;
    inode->gid = status.st_gid;
    inode->mtime = status.st_mtime;
    inode->device = status.st_rdev;
    read_xattrs(full, inode);
    if (linked)
        remember(scanner, &status, inode);
    return fill(scanner, path, full, inode) == 0 ? inode_ref(inode) : NULL;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int scan_directory(struct scanner *scanner, const char *path, struct inode *directory)
{
    cleanup_free char *full = xasprintf("%s/%s", scanner->tree, path);
    struct dirent **entries = NULL;
    int count = scandir(full, &entries, NULL, by_name), result = 0;
    if (count < 0)
        return error_errno(&scanner->error, errno, "%s", full);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (result == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            cleanup_free char *child_path = *path != '\0' ? xasprintf("%s/%s", path, name) : xstrdup(name);
            cleanup_inode struct inode *child = scan(scanner, child_path);
            if (child == NULL)
                result = -1;
            else
                tree_put(directory, name, child);
        }
        free(entries[i]);
    }
    free(entries);
    return result;
}

static int write_cpio(struct inode *root, int fd, struct error *error)
{
    cleanup_sink struct sink *sink = sink_to_fd(fd, "OUT", NULL);
    return cpio_write(root, sink, error) < 0 ? -1 : sink_finish(sink, error);
}

static int write_layer(struct inode *root, enum compression compression, int fd, struct error *error)
{
    cleanup_sink struct sink *sink = sink_to_fd(fd, "OUT", NULL);
    struct layer_result result;
    if (layer_write(root, compression, false, sink, &result, error) < 0)
        return -1;
    printf("%s %s\n", result.digest.text, result.diff_id.text);
    return 0;
}

static int pack(const char *format, struct inode *root, int fd, uint64_t size, struct error *error)
{
    if (strcmp(format, "cpio") == 0)
        return write_cpio(root, fd, error);
    if (strcmp(format, "ext2") == 0)
        return ext2_write(root, fd, "OUT", &(struct ext2_options){.size = size}, error);
    if (strcmp(format, "layer") == 0)
        return write_layer(root, COMPRESSION_GZIP, fd, error);
    if (strncmp(format, "layer-", 6) == 0 && compression_from_name(format + 6) >= 0)
        return write_layer(root, (enum compression)compression_from_name(format + 6), fd, error);
    return error_set(error, "%s: not a format", format);
}

static int run(struct scanner *scanner, char **arguments, bool sync, uint64_t size)
{
    scanner->tree = arguments[1];
    scanner->rootfd = open(arguments[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (scanner->rootfd < 0)
        return error_errno(&scanner->error, errno, "%s", arguments[1]);
    cleanup_inode struct inode *root = scan(scanner, "");
    if (root == NULL)
        return -1;
    cleanup_close int fd = open(arguments[2], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_errno(&scanner->error, errno, "%s", arguments[2]);
    if (pack(arguments[0], root, fd, size, &scanner->error) < 0)
        return -1;
    if (sync && fsync(fd) < 0)
        return error_errno(&scanner->error, errno, "%s", arguments[2]);
    return 0;
}

int main(int argc, char **argv)
{
    struct scanner scanner = {.rootfd = -1};
    bool sync = false;
    uint64_t size = 0;
    for (int option; (option = getopt(argc, argv, "sS:")) != -1;) {
        if (option == 's')
            sync = true;
        else if (option == 'S')
            size = strtoull(optarg, NULL, 10);
        else
            return 2;
    }
    if (argc - optind != 3) {
        fputs("usage: pack [-s] [-S BYTES] cpio|ext2|layer|layer-zstd|layer-none TREE OUT\n", stderr);
        return 2;
    }
    int result = run(&scanner, argv + optind, sync, size);
    if (result < 0)
        fprintf(stderr, "pack: %s\n", scanner.error.message);
    free(scanner.seen);
    if (scanner.rootfd >= 0)
        close(scanner.rootfd);
    error_clear(&scanner.error);
    return result < 0;
}
