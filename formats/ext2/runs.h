/* Which blocks of a file hold anything: what is all zeros becomes a hole. */
#ifndef FORMATS_EXT2_RUNS_H
#define FORMATS_EXT2_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "formats/base/error.h"
#include "formats/tree/content.h"

/* Blocks of a file that follow one another and are not all zeros. */
struct ext2_run {
    uint32_t first; /* counted in the file */
    uint32_t count;
};

struct ext2_runs {
    struct ext2_run *items; /* in ascending order; owned */
    uint32_t count;
    uint32_t crc; /* CRC-32 of those blocks */
};

/* Finds the runs of a file whose bytes are these. */
void ext2_runs_of_bytes(struct ext2_runs *runs, const char *bytes, size_t length);
/* Finds the runs of a file by reading it; `buffer` holds EXT2_SMALL bytes. Where the file's own filesystem
 * keeps holes they are not read, for speed alone: the image depends on what files contain. */
int ext2_runs_of_content(struct ext2_runs *runs, const struct content *content, char *buffer,
                         struct error *error);
void ext2_runs_free(struct ext2_runs *runs);

#endif
