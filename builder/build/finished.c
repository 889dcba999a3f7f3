/* Files that already are what INITRD or BLOCK would make of a tree. */
#include "builder/build/finished.h"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include "formats/base/cleanup.h"

static void free_archive(struct archive **archive)
{
    archive_read_free(*archive);
}

/* -1 with an error, or a descriptor of the file's content. */
static int open_content(const struct inode *file, const char *kind, const char *source, struct error *error)
{
    if (!S_ISREG(file->mode))
        return error_set(error, "%s: %s: neither a directory nor a file", kind, source);
    if (file->content == NULL || content_size(file->content) == 0)
        return error_set(error, "%s: %s: an empty file", kind, source);
    int fd = content_open(file->content, error);
    return fd >= 0 ? fd : error_prefix(error, "%s", kind);
}

int finished_check_initrd(const struct inode *file, const char *source, struct error *error)
{
    enum { BLOCK_SIZE = 64 << 10 };
    cleanup_close int fd = open_content(file, "INITRD", source, error);
    if (fd < 0)
        return -1;
    __attribute__((cleanup(free_archive))) struct archive *reader = archive_read_new();
    /* Only filters that are built into the library: others would start programs. */
    archive_read_support_filter_gzip(reader);
    archive_read_support_filter_zstd(reader);
    archive_read_support_filter_xz(reader);
    archive_read_support_filter_lzma(reader);
    archive_read_support_filter_bzip2(reader);
    archive_read_support_filter_lz4(reader);
    archive_read_support_format_cpio(reader);
    struct archive_entry *entry;
    int result = archive_read_open_fd(reader, fd, BLOCK_SIZE);
    if (result == ARCHIVE_OK)
        result = archive_read_next_header(reader, &entry);
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN || result == ARCHIVE_EOF)
        return 0;
    return error_set(error,
                     "INITRD: %s: no cpio archive; give a directory, or put the file in with COPY and LABEL",
                     source);
}

int finished_check_block(const struct inode *file, const char *source, struct error *error)
{
    enum { MAGIC_OFFSET = 1024 + 56 }; /* s_magic of the superblock (Linux, filesystems/ext4) */
    cleanup_close int fd = open_content(file, "BLOCK", source, error);
    unsigned char magic[2] = {0};
    if (fd < 0)
        return -1;
    if (pread(fd, magic, sizeof magic, MAGIC_OFFSET) == (ssize_t)sizeof magic && magic[0] == 0x53 &&
        magic[1] == 0xef)
        return 0;
    return error_set(
        error, "BLOCK: %s: no ext2 filesystem; give a directory, or put the file in with COPY and LABEL",
        source);
}
