/* The data blocks of regular files and of long symlinks. */
#ifndef FORMATS_EXT2_FILE_DATA_H
#define FORMATS_EXT2_FILE_DATA_H

#include "formats/ext2/block_map.h"
#include "formats/ext2/runs.h"
#include "formats/tree/content.h"

/* Writes a file's data and finishes its map. The runs of a file over EXT2_SMALL bytes are known, and the data
 * has to be what it was; a smaller one is read once, into `buffer` (EXT2_SMALL bytes), and its runs are found
 * there. */
int ext2_file_data_write(struct ext2_map *map, const struct content *content, struct ext2_runs *runs,
                         char *buffer, struct error *error);
/* Writes the target of a symlink that does not fit into its inode. */
int ext2_target_write(struct ext2_map *map, const char *target, struct error *error);

#endif
