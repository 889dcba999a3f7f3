/*
 * A file tree in memory: what a stage holds, what a layer adds, what an initrd or a block image is made of.
 *
 * Owners, modes and times are data here, so a user without privileges can build any tree. A directory has
 * nodes, a node is a name and an inode, an inode can have several names (hard links). File bytes are `struct
 * content`: usually still where they came from.
 */
#ifndef FORMATS_TREE_TREE_H
#define FORMATS_TREE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "formats/base/error.h"
#include "formats/tree/content.h"

struct xattr {
    char *name; /* with its namespace: "user.comment" */
    char *value;
    size_t length; /* bytes */
};

struct node;

struct inode {
    unsigned references; /* by nodes and by holders */
    mode_t mode;         /* type and permissions */
    uint32_t uid;
    uint32_t gid;
    int64_t mtime;        /* seconds since 1970; the only time that images keep */
    dev_t device;         /* of a character or block device */
    struct xattr *xattrs; /* sorted by name */
    size_t xattr_count;
    struct content *content; /* S_IFREG; NULL is an empty file */
    char *target;            /* S_IFLNK */
    struct node *children;   /* S_IFDIR: sorted by name, byte order */
    size_t child_count;
    size_t child_capacity;
};

struct node {
    char *name;
    struct inode *inode;
};

/* A new inode with one reference, owner 0:0, mtime 0, nothing in it. */
struct inode *inode_new(mode_t mode);
struct inode *inode_ref(struct inode *inode);
void inode_unref(struct inode *inode); /* NULL is fine; a directory releases its children */
void inode_set_xattr(struct inode *inode, const char *name, const void *value, size_t length);
/* Gives `to` the other's mode, owner, time and extended attributes, and these alone. Both are of one type. */
void inode_copy_attributes(struct inode *to, const struct inode *from);
/* A copy of anything but a directory, with its attributes and what it holds; the caller's reference. */
struct inode *inode_copy(const struct inode *inode);

static inline void cleanup_inode_(struct inode **inode)
{
    inode_unref(*inode);
}
#define cleanup_inode __attribute__((cleanup(cleanup_inode_)))

/* Copies a directory inode and all below it; non-directories are shared, so hard links stay links. */
struct inode *tree_copy(struct inode *directory);

/* The child of that name, or NULL. */
struct inode *tree_child(const struct inode *directory, const char *name);

/* Puts `inode` (takes a reference of its own) under `name`, replacing what stood there. `name` is one
 * component. Cheap when names come in order. */
void tree_put(struct inode *directory, const char *name, struct inode *inode);

/* Lays `layer` over `root`: directories merge (the layer's owner, mode, times and xattrs win), everything
 * else replaces. */
void tree_merge(struct inode *root, const struct inode *layer);

/* Preorder, children in byte order of their names. `path` is "" for the root, else without a leading slash
 * ("a/b"). A non-zero return ends the walk and is returned. */
typedef int tree_visit(const char *path, struct inode *inode, void *data, struct error *error);
int tree_walk(struct inode *root, tree_visit *visit, void *data, struct error *error);

#endif
