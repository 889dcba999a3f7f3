/* Open addressing, at most half full. */
#include "builder/bundle/inode_set.h"

#include <stdint.h>
#include <stdlib.h>

#include "formats/base/memory.h"

/* The slot that holds the inode, or the empty one where it belongs. */
static ino_t *slot_of(const struct inode_set *set, ino_t inode)
{
    uint64_t hash = (uint64_t)inode * 0x9e3779b97f4a7c15u;
    for (size_t i = (size_t)(hash >> 20);; i++) {
        ino_t *slot = &set->slots[i & (set->capacity - 1)];
        if (*slot == 0 || *slot == inode)
            return slot;
    }
}

static void grow(struct inode_set *set)
{
    struct inode_set bigger = {.capacity = set->capacity > 0 ? set->capacity * 2 : 64, .count = set->count};
    bigger.slots = xcalloc(bigger.capacity, sizeof *bigger.slots);
    for (size_t i = 0; i < set->capacity; i++)
        if (set->slots[i] != 0)
            *slot_of(&bigger, set->slots[i]) = set->slots[i];
    free(set->slots);
    *set = bigger;
}

bool inode_set_add(struct inode_set *set, ino_t inode)
{
    if (set->count * 2 >= set->capacity)
        grow(set);
    ino_t *slot = slot_of(set, inode);
    if (*slot == inode)
        return false;
    *slot = inode;
    set->count++;
    return true;
}

bool inode_set_has(const struct inode_set *set, ino_t inode)
{
    return set->capacity > 0 && *slot_of(set, inode) == inode;
}

void inode_set_free(struct inode_set *set)
{
    free(set->slots);
    *set = (struct inode_set){0};
}
