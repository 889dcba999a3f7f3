/* The inode table: the record of each inode, written block by block in ascending order. */
#ifndef FORMATS_EXT2_INODE_TABLE_H
#define FORMATS_EXT2_INODE_TABLE_H

#include "formats/ext2/block_map.h"
#include "formats/ext2/plan.h"

struct ext2_inode_table {
    struct ext2_filesystem *filesystem; /* borrowed */
    uint64_t offset;                    /* of `block` in the image, bytes; 0: none */
    _Alignas(struct ext2_inode_large) char block[EXT2_BLOCK];
};

/* The facts of a record that the tree's inode does not have. */
struct ext2_record {
    uint32_t number;
    uint32_t links;
    uint64_t size; /* bytes */
    const struct ext2_map *map;
    const char *inline_target; /* of a short symlink, in place of the map; else NULL */
};

/* Errors: a time that ext2 cannot hold. */
int ext2_inode_table_add(struct ext2_inode_table *table, const struct inode *inode,
                         const struct ext2_record *record, struct error *error);
/* Writes the block that is held. */
int ext2_inode_table_finish(struct ext2_inode_table *table, struct error *error);
/* Puts a device's number where the record of a device node has it: at most 12 bits of major, 20 of minor. */
int ext2_map_set_device(struct ext2_map *map, dev_t device, struct error *error);

#endif
