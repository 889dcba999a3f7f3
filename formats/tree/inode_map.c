/* Open addressing with linear probing over the addresses of inodes. */
#include "formats/tree/inode_map.h"

#include <stdlib.h>

#include "formats/base/memory.h"

struct slot {
    const struct inode *inode; /* NULL: empty */
    uint64_t value;
};

struct inode_map {
    struct slot *slots;
    size_t size; /* a power of two */
    size_t used;
};

struct inode_map *inode_map_new(void)
{
    struct inode_map *map = xcalloc(1, sizeof *map);
    map->size = 16;
    map->slots = xcalloc(map->size, sizeof *map->slots);
    return map;
}

void inode_map_free(struct inode_map *map)
{
    if (map == NULL)
        return;
    free(map->slots);
    free(map);
}

/* The slot of the inode, or the empty one in which it belongs. */
static struct slot *find(struct slot *slots, size_t size, const struct inode *inode)
{
    /* Fibonacci hashing: addresses differ mostly in their middle bits; the product's high bits mix them all.
     */
    size_t i = (size_t)(((uint64_t)(uintptr_t)inode * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (size - 1);
    while (slots[i].inode != NULL && slots[i].inode != inode)
        i = (i + 1) & (size - 1);
    return &slots[i];
}

static void grow(struct inode_map *map)
{
    size_t size = map->size * 2;
    struct slot *slots = xcalloc(size, sizeof *slots);
    for (size_t i = 0; i < map->size; i++)
        if (map->slots[i].inode != NULL)
            *find(slots, size, map->slots[i].inode) = map->slots[i];
    free(map->slots);
    map->slots = slots;
    map->size = size;
}

uint64_t *inode_map_at(struct inode_map *map, const struct inode *inode)
{
    struct slot *slot = find(map->slots, map->size, inode);
    if (slot->inode == NULL) {
        if ((map->used + 1) * 4 > map->size * 3) {
            grow(map);
            slot = find(map->slots, map->size, inode);
        }
        slot->inode = inode;
        map->used++;
    }
    return &slot->value;
}
