/* The free blocks of an image, used from the first to the last, and a window through which they are written
 * in large pieces. */
#ifndef FORMATS_EXT2_BLOCK_WRITER_H
#define FORMATS_EXT2_BLOCK_WRITER_H

#include "formats/ext2/superblock.h"

struct ext2_block_writer {
    struct ext2_filesystem *filesystem; /* borrowed */
    uint32_t next;                      /* the next free block of the current free run */
    uint32_t run_start;
    uint32_t run_end;
    uint32_t window_first; /* block that stands first in the window */
    uint32_t window_count; /* blocks in it */
    char *window;          /* owned */
};

int ext2_block_writer_init(struct ext2_block_writer *writer, struct ext2_filesystem *filesystem,
                           struct error *error);
/* Takes up to `count` free blocks that follow one another. */
int ext2_block_allocate(struct ext2_block_writer *writer, uint32_t count, uint32_t *block, uint32_t *granted,
                        struct error *error);
/* Room for up to `count` blocks at `block` that the caller fills before the next call; *granted says how
 * many. */
int ext2_block_room(struct ext2_block_writer *writer, uint32_t block, uint32_t count, char **room,
                    uint32_t *granted, struct error *error);
/* Writes a block whose room was taken before. */
int ext2_block_put(struct ext2_block_writer *writer, uint32_t block, const void *bytes, struct error *error);
/* Writes what is held and tells libext2fs which blocks are used. */
int ext2_block_writer_finish(struct ext2_block_writer *writer, struct error *error);
void ext2_block_writer_free(struct ext2_block_writer *writer);

#endif
