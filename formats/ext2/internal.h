/*
 * How an ext2 image is made, between the files that make it.
 *
 * 1. plan.c numbers the inodes and counts the blocks that are needed. For that, scan.c reads the
 * large files and finds which of their blocks hold anything: an image depends on what files contain, not on
 * whether the filesystem they lie on keeps holes. Small files are taken to be full for now.
 * 2. geometry.c chooses the number of blocks and inodes.
 * 3. libext2fs lays out superblock, group descriptors, bitmaps and inode tables (ext2.c).
 * 4. image.c hands out the free blocks one after another and writes file data, directories and indirect
 * blocks at them, in large pieces; ext2.c writes the inodes, libext2fs the xattrs and everything of 3.
 */
#ifndef FORMATS_EXT2_INTERNAL_H
#define FORMATS_EXT2_INTERNAL_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <stdint.h>

#include "formats/base/error.h"
#include "formats/ext2/ext2.h"
#include "formats/tree/tree.h"

/* Blocks of 4096 bytes whatever the size: what every reader takes, and the kernel's page. Inodes of 256
 * bytes, as mke2fs makes them: small xattrs fit into them, and times beyond 2038. */
enum {
    EXT2_BLOCK = 4096,
    EXT2_GROUP_BLOCKS = 8 * EXT2_BLOCK, /* what the block bitmap of a group holds */
    EXT2_INODE_BYTES = 256,
    EXT2_INODES_A_BLOCK = EXT2_BLOCK / EXT2_INODE_BYTES,
    EXT2_GROUP_INODES = 8 * EXT2_BLOCK, /* at most, in the inode bitmap of a group */
    EXT2_POINTERS = EXT2_BLOCK / 4,     /* block numbers in an indirect block */
    EXT2_INLINE_TARGET = 60,            /* symlinks shorter than this stand in the inode */
    EXT2_MAX_DEPTH = 3,                 /* of indirect blocks */
    EXT2_FIRST_FREE_INODE = 11,         /* those before are reserved; lost+found is the first */
    EXT2_SMALL = 64 * EXT2_BLOCK,       /* bytes; files up to this are read once, when they are written */
};

/* ---- the plan ---- */

/* Blocks of a file that follow one another and are not all zeros. */
struct ext2_run {
    uint32_t first; /* counted in the file */
    uint32_t count;
};

struct ext2_file {
    struct inode *inode;
    const char *name; /* the first that was met */
    uint32_t parent;  /* index of that name's directory */
    uint32_t links;
    struct ext2_run *runs; /* a regular file's; owned */
    uint32_t run_count;
    uint32_t crc; /* CRC-32 of those blocks */
};

struct ext2_plan {
    struct inode *root;      /* held; the tree's, or a copy of it with a lost+found */
    struct ext2_file *files; /* breadth first; [0] is the root, [1] lost+found */
    uint32_t count;
    uint32_t capacity;
    struct inode_map *indexes; /* of each inode in files, + 1 */
    uint64_t blocks; /* that all of it takes beyond superblocks, descriptors, bitmaps, inode tables */
};

int ext2_plan_make(struct ext2_plan *plan, struct inode *root, struct error *error);
void ext2_plan_free(struct ext2_plan *plan);

/* Inode number of files[index]. */
static inline uint32_t ext2_number(uint32_t index)
{
    return index == 0 ? EXT2_ROOT_INO : EXT2_FIRST_FREE_INODE - 1 + index;
}

/* Index in files of an inode of the tree. */
static inline uint32_t ext2_index(const struct ext2_plan *plan, const struct inode *inode)
{
    return (uint32_t)(*inode_map_at(plan->indexes, inode) - 1);
}

/* The path of a file without a leading slash, for messages; owned by the caller. */
char *ext2_plan_path(const struct ext2_plan *plan, uint32_t index);

/* ---- content ---- */

/* Finds the runs of a file, whose bytes are these. */
void ext2_scan_bytes(struct ext2_file *file, const char *bytes, size_t length);
/* Reads a file that is larger than EXT2_SMALL and finds its runs; `buffer` holds EXT2_SMALL bytes. */
int ext2_scan_large(struct ext2_file *file, char *buffer, struct error *error);
/* Reads exactly `length` bytes at `offset`; a file that ends before was changed, and that is the error. */
int ext2_read(int fd, char *buffer, size_t length, uint64_t offset, const char *name, struct error *error);

/* Sets UUID and hash seed by what the plan holds once everything is written. */
int ext2_identify(const struct ext2_plan *plan, const struct ext2_options *options,
                  struct ext2_super_block *super, struct error *error);

/* ---- directories ---- */

/* Blocks of a directory. */
uint32_t ext2_directory_blocks(const struct inode *directory);
/* Fills one block from the child *next on and moves *next behind the last that fitted; `first` is for the
 * block with
 * "." and "..". */
void ext2_directory_fill(const struct ext2_plan *plan, uint32_t index, bool first, size_t *next, char *block);

/* ---- geometry ---- */

struct ext2_geometry {
    uint32_t blocks;
    uint32_t inodes;
};

int ext2_geometry_choose(const struct ext2_plan *plan, const struct ext2_options *options, const char *name,
                         struct ext2_geometry *geometry, struct error *error);
/* Whether a group has a copy of superblock and descriptors (sparse_super). */
bool ext2_group_has_super(uint32_t group);

/* ---- blocks ---- */

/* Where a file's block is found: `index` in i_block, then in each indirect block on the way. */
struct ext2_place {
    unsigned depth; /* indirect blocks on the way */
    uint32_t index[EXT2_MAX_DEPTH + 1];
};

/* False where the block lies beyond what ext2 can address. */
bool ext2_place_of(uint64_t block, struct ext2_place *place);
/* The first indirect block (1 to depth) on the way to `next` that is not on the way to `previous`; depth + 1
 * where all are. */
unsigned ext2_place_parts(const struct ext2_place *previous, const struct ext2_place *next);
/* Blocks that follow this one in the same indirect block (or directly in the inode), and this one. */
uint32_t ext2_place_room(const struct ext2_place *place);

/* The image's free blocks, used from the first to the last, and a window through which they are written. */
struct ext2_image {
    int fd;
    const char *name;
    ext2_filsys fs;
    uint32_t next; /* the next free block of the current free run */
    uint32_t run_start;
    uint32_t run_end;
    uint32_t window_first; /* block that stands first in the window */
    uint32_t window_count; /* blocks in it */
    char *window;          /* owned */
};

int ext2_image_init(struct ext2_image *image, ext2_filsys fs, int fd, const char *name, struct error *error);
/* Writes what is held and tells libext2fs which blocks are used. */
int ext2_image_finish(struct ext2_image *image, struct error *error);
void ext2_image_free(struct ext2_image *image);
/* Room for up to `count` blocks at `block` that the caller fills before the next call; *granted says how
 * many. */
int ext2_image_room(struct ext2_image *image, uint32_t block, uint32_t count, char **room, uint32_t *granted,
                    struct error *error);

/* The block map of one file in the making. Blocks come in ascending order. */
struct ext2_map {
    struct ext2_image *image;
    uint32_t i_block[15];
    uint32_t blocks; /* used by data and indirect blocks */
    struct ext2_place place;
    struct {
        uint32_t block;
        uint32_t pointers[EXT2_POINTERS]; /* little-endian, as stored */
    } open[EXT2_MAX_DEPTH + 1];           /* the indirect blocks on the way to `place`; [0] is not used */
};

void ext2_map_init(struct ext2_map *map, struct ext2_image *image);
/* Gives the file's block `logical` and up to count - 1 that follow places in the image, in one piece. */
int ext2_map_add(struct ext2_map *map, uint32_t logical, uint32_t count, uint32_t *block, uint32_t *granted,
                 struct error *error);
/* Writes the indirect blocks that are still open. */
int ext2_map_finish(struct ext2_map *map, struct error *error);

#endif
