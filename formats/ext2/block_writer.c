#include "formats/ext2/block_writer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/file.h"
#include "formats/ext2/format.h"

enum {
    WINDOW_BLOCKS = 256,               /* 1 MiB: few writes, and most of a processor's cache stays free */
    WRITEBACK_SIZE = 16 * 1024 * 1024, /* bytes */
};

int ext2_block_writer_init(struct ext2_block_writer *writer, struct ext2_filesystem *filesystem,
                           struct error *error)
{
    *writer = (struct ext2_block_writer){.filesystem = filesystem};
    if (posix_memalign((void **)&writer->window, EXT2_BLOCK, (size_t)WINDOW_BLOCKS * EXT2_BLOCK) != 0)
        return error_set(error, "%s: out of memory", filesystem->name);
    return 0;
}

void ext2_block_writer_free(struct ext2_block_writer *writer)
{
    free(writer->window);
    writer->window = NULL;
}

/* ---- free blocks ---- */

static void mark_used(struct ext2_block_writer *writer)
{
    if (writer->next > writer->run_start)
        ext2fs_block_alloc_stats_range(writer->filesystem->fs, writer->run_start,
                                       writer->next - writer->run_start, +1);
    writer->run_start = writer->next;
}

/* Moves on to the next run of free blocks. */
static int next_run(struct ext2_block_writer *writer, struct error *error)
{
    mark_used(writer);
    blk64_t last = ext2fs_blocks_count(writer->filesystem->fs->super) - 1, start, end;
    if (writer->run_end > last || ext2fs_find_first_zero_block_bitmap2(writer->filesystem->fs->block_map,
                                                                       writer->run_end, last, &start) != 0)
        return error_set(error, "%s: no free block is left", writer->filesystem->name);
    if (ext2fs_find_first_set_block_bitmap2(writer->filesystem->fs->block_map, start, last, &end) != 0)
        end = last + 1;
    writer->next = writer->run_start = (uint32_t)start;
    writer->run_end = (uint32_t)end;
    return 0;
}

int ext2_block_allocate(struct ext2_block_writer *writer, uint32_t count, uint32_t *block, uint32_t *granted,
                        struct error *error)
{
    if (writer->next == writer->run_end && next_run(writer, error) < 0)
        return -1;
    uint32_t left = writer->run_end - writer->next;
    *block = writer->next;
    *granted = count < left ? count : left;
    writer->next += *granted;
    return 0;
}

/* ---- the window ---- */

/* Lets the kernel write complete pieces to disk while we go on: a file that is synced when it is whole has
 * little left to wait for then. Only a hint, so it may fail. */
static void start_writeback(const struct ext2_block_writer *writer, off_t offset, size_t length)
{
    off_t boundary = (offset + (off_t)length) / WRITEBACK_SIZE * WRITEBACK_SIZE;
    if (boundary > offset)
        sync_file_range(writer->filesystem->fd, boundary - WRITEBACK_SIZE, WRITEBACK_SIZE,
                        SYNC_FILE_RANGE_WRITE);
}

static int flush(struct ext2_block_writer *writer, struct error *error)
{
    size_t length = (size_t)writer->window_count * EXT2_BLOCK;
    off_t offset = (off_t)writer->window_first * EXT2_BLOCK;
    writer->window_count = 0;
    if (pwrite_all(writer->filesystem->fd, writer->window, length, offset, writer->filesystem->name, error) <
        0)
        return -1;
    start_writeback(writer, offset, length);
    return 0;
}

int ext2_block_room(struct ext2_block_writer *writer, uint32_t block, uint32_t count, char **room,
                    uint32_t *granted, struct error *error)
{
    bool follows = block == writer->window_first + writer->window_count;
    if ((!follows || writer->window_count == WINDOW_BLOCKS) && flush(writer, error) < 0)
        return -1;
    if (writer->window_count == 0)
        writer->window_first = block;
    uint32_t left = WINDOW_BLOCKS - writer->window_count;
    *granted = count < left ? count : left;
    *room = writer->window + (size_t)writer->window_count * EXT2_BLOCK;
    writer->window_count += *granted;
    return 0;
}

/* Into the window while the block is there, else into the file. */
int ext2_block_put(struct ext2_block_writer *writer, uint32_t block, const void *bytes, struct error *error)
{
    if (block >= writer->window_first && block - writer->window_first < writer->window_count) {
        memcpy(writer->window + (size_t)(block - writer->window_first) * EXT2_BLOCK, bytes, EXT2_BLOCK);
        return 0;
    }
    return pwrite_all(writer->filesystem->fd, bytes, EXT2_BLOCK, (off_t)block * EXT2_BLOCK,
                      writer->filesystem->name, error);
}

int ext2_block_writer_finish(struct ext2_block_writer *writer, struct error *error)
{
    mark_used(writer);
    return flush(writer, error);
}
