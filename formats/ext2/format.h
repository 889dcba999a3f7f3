/* The format as we write it (ext2.h says which reader made us choose so). */
#ifndef FORMATS_EXT2_FORMAT_H
#define FORMATS_EXT2_FORMAT_H

#include <ext2fs/ext2fs.h>

/* Blocks of 4096 bytes whatever the size: what every reader takes, and the kernel's page. Inodes of 256
 * bytes, as mke2fs makes them: small xattrs fit into them, and times beyond 2038. */
enum {
    EXT2_BLOCK = 4096,
    EXT2_GROUP_BLOCKS = 8 * EXT2_BLOCK, /* what the block bitmap of a group holds */
    EXT2_INODE_BYTES = 256,
    EXT2_INODES_A_BLOCK = EXT2_BLOCK / EXT2_INODE_BYTES,
    EXT2_GROUP_INODES = 8 * EXT2_BLOCK, /* at most, in the inode bitmap of a group */
    EXT2_POINTERS = EXT2_BLOCK / 4,     /* block numbers in an indirect block */
    EXT2_MAX_DEPTH = 3,                 /* of indirect blocks */
    EXT2_INLINE_TARGET = 60,            /* symlinks shorter than this stand in the inode */
    EXT2_FIRST_FREE_INODE = 11,         /* those before are reserved; lost+found is the first */
    EXT2_SMALL = 64 * EXT2_BLOCK,       /* bytes; files up to this are read once, when they are written */
};

#endif
