#include "formats/ext2/runs.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/ext2/format.h"

static bool all_zeros(const char *bytes, size_t length)
{
    static const char zeros[EXT2_BLOCK];
    return memcmp(bytes, zeros, length) == 0;
}

static void add_block(struct ext2_runs *runs, uint32_t block)
{
    struct ext2_run *last = runs->count > 0 ? &runs->items[runs->count - 1] : NULL;
    if (last != NULL && last->first + last->count == block) {
        last->count++;
        return;
    }
    /* Grows at powers of two. */
    if (runs->items == NULL || (runs->count & (runs->count - 1)) == 0)
        runs->items = xreallocarray(runs->items, runs->count > 0 ? runs->count * 2 : 1, sizeof *runs->items);
    runs->items[runs->count++] = (struct ext2_run){block, 1};
}

/* Looks at bytes that begin at a block of the file. */
static void add_bytes(struct ext2_runs *runs, uint32_t block, const char *bytes, size_t length)
{
    size_t begun = 0; /* of the data that is not in the checksum yet */
    for (size_t at = 0; at < length; at += EXT2_BLOCK, block++) {
        size_t part = length - at < EXT2_BLOCK ? length - at : EXT2_BLOCK;
        if (!all_zeros(bytes + at, part)) {
            add_block(runs, block);
            continue;
        }
        runs->crc = libdeflate_crc32(runs->crc, bytes + begun, at - begun);
        begun = at + part;
    }
    runs->crc = libdeflate_crc32(runs->crc, bytes + begun, length - begun);
}

void ext2_runs_of_bytes(struct ext2_runs *runs, const char *bytes, size_t length)
{
    add_bytes(runs, 0, bytes, length);
}

/* The offset of the block from which on the file may have data. */
static uint64_t skip_hole(int fd, uint64_t offset, uint64_t size)
{
    off_t data = lseek(fd, (off_t)offset, SEEK_DATA);
    if (data < 0)
        return errno == ENXIO ? size : offset;
    return (uint64_t)data / EXT2_BLOCK * EXT2_BLOCK;
}

/* True if the file's last blocks before `end` are zeros. */
static bool ends_in_zeros(const struct ext2_runs *runs, uint64_t end)
{
    const struct ext2_run *last = runs->count > 0 ? &runs->items[runs->count - 1] : NULL;
    return last == NULL || (uint64_t)(last->first + last->count) * EXT2_BLOCK < end;
}

int ext2_runs_of_content(struct ext2_runs *runs, const struct content *content, char *buffer,
                         struct error *error)
{
    uint64_t size = content_size(content);
    if (content_memory(content) != NULL) {
        ext2_runs_of_bytes(runs, content_memory(content), size);
        return 0;
    }
    cleanup_close int fd = content_open(content, error);
    if (fd < 0)
        return -1;
    for (uint64_t offset = 0; offset < size;) {
        /* Asking costs a system call: only behind zeros, and at the beginning. */
        if (ends_in_zeros(runs, offset))
            offset = skip_hole(fd, offset, size);
        if (offset >= size)
            break;
        size_t part = size - offset < EXT2_SMALL ? (size_t)(size - offset) : EXT2_SMALL;
        if (content_read(content, fd, buffer, part, offset, error) < 0)
            return -1;
        add_bytes(runs, (uint32_t)(offset / EXT2_BLOCK), buffer, part);
        offset += part;
    }
    return content_unchanged(content, fd, error);
}

void ext2_runs_free(struct ext2_runs *runs)
{
    free(runs->items);
    *runs = (struct ext2_runs){0};
}
