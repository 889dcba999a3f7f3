/* Finds the blocks of files that hold anything: what is all zeros becomes a hole. */
#include <errno.h>
#include <libdeflate.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/ext2/internal.h"
#include "formats/tree/content.h"

static bool all_zeros(const char *bytes, size_t length)
{
    static const char zeros[EXT2_BLOCK];
    return memcmp(bytes, zeros, length) == 0;
}

static void add_block(struct ext2_file *file, uint32_t block)
{
    struct ext2_run *last = file->run_count > 0 ? &file->runs[file->run_count - 1] : NULL;
    if (last != NULL && last->first + last->count == block) {
        last->count++;
        return;
    }
    /* Grows at powers of two. */
    if (file->runs == NULL || (file->run_count & (file->run_count - 1)) == 0)
        file->runs =
            xreallocarray(file->runs, file->run_count > 0 ? file->run_count * 2 : 1, sizeof *file->runs);
    file->runs[file->run_count++] = (struct ext2_run){block, 1};
}

/* Looks at bytes that begin at a block of the file. */
static void scan_bytes(struct ext2_file *file, uint32_t block, const char *bytes, size_t length)
{
    size_t begun = 0; /* of the data that is not in the checksum yet */
    for (size_t at = 0; at < length; at += EXT2_BLOCK, block++) {
        size_t part = length - at < EXT2_BLOCK ? length - at : EXT2_BLOCK;
        if (!all_zeros(bytes + at, part)) {
            add_block(file, block);
            continue;
        }
        file->crc = libdeflate_crc32(file->crc, bytes + begun, at - begun);
        begun = at + part;
    }
    file->crc = libdeflate_crc32(file->crc, bytes + begun, length - begun);
}

void ext2_scan_bytes(struct ext2_file *file, const char *bytes, size_t length)
{
    scan_bytes(file, 0, bytes, length);
}

int ext2_read(int fd, char *buffer, size_t length, uint64_t offset, const char *name, struct error *error)
{
    ssize_t got = pread_all(fd, buffer, length, (off_t)offset);
    if (got < 0)
        return error_errno(error, errno, "%s: read", name);
    if ((size_t)got < length)
        return error_set(error, "%s: changed while it was being read", name);
    return 0;
}

/* The block from which on the file may have data: skips holes where its filesystem keeps them, for speed
 * alone. */
static uint64_t skip_hole(int fd, uint64_t offset, uint64_t size)
{
    off_t data = lseek(fd, (off_t)offset, SEEK_DATA);
    if (data < 0)
        return errno == ENXIO ? size : offset;
    return (uint64_t)data / EXT2_BLOCK * EXT2_BLOCK;
}

/* Whether the file's last blocks before `end` are zeros. */
static bool ends_in_zeros(const struct ext2_file *file, uint64_t end)
{
    const struct ext2_run *last = file->run_count > 0 ? &file->runs[file->run_count - 1] : NULL;
    return last == NULL || (uint64_t)(last->first + last->count) * EXT2_BLOCK < end;
}

int ext2_scan_large(struct ext2_file *file, char *buffer, struct error *error)
{
    const struct content *content = file->inode->content;
    const char *memory = content_memory(content);
    uint64_t size = content_size(content);
    if (memory != NULL) {
        scan_bytes(file, 0, memory, size);
        return 0;
    }
    cleanup_close int fd = content_open(content, error);
    if (fd < 0)
        return -1;
    for (uint64_t offset = 0; offset < size;) {
        /* Asking costs a system call: only behind zeros, and at the beginning. */
        if (ends_in_zeros(file, offset))
            offset = skip_hole(fd, offset, size);
        if (offset >= size)
            break;
        size_t part = size - offset < EXT2_SMALL ? (size_t)(size - offset) : EXT2_SMALL;
        if (ext2_read(fd, buffer, part, offset, content_name(content), error) < 0)
            return -1;
        scan_bytes(file, (uint32_t)(offset / EXT2_BLOCK), buffer, part);
        offset += part;
    }
    return content_unchanged(content, fd, error);
}
