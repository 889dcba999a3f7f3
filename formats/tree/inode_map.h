/* A map from inodes to numbers, for writers that must know an inode's other names. */
#ifndef FORMATS_TREE_INODE_MAP_H
#define FORMATS_TREE_INODE_MAP_H

#include <stdint.h>

struct inode;

struct inode_map;
struct inode_map *inode_map_new(void);
void inode_map_free(struct inode_map *map);
/* The value slot of this inode, 0 when new; valid until the next call. */
uint64_t *inode_map_at(struct inode_map *map, const struct inode *inode);

#endif
