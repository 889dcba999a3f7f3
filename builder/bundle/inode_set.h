/* A set of inode numbers of one filesystem: what a layer has made. */
#ifndef BUILDER_BUNDLE_INODE_SET_H
#define BUILDER_BUNDLE_INODE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Zeroed is empty. No inode has number 0. */
struct inode_set {
    ino_t *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

/* False where it was in there already. */
bool inode_set_add(struct inode_set *set, ino_t inode);
bool inode_set_has(const struct inode_set *set, ino_t inode);
void inode_set_free(struct inode_set *set);
#define cleanup_inode_set __attribute__((cleanup(inode_set_free)))

#endif
