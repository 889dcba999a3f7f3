#include "formats/tree/tree.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

/*
 * Trees can be as deep as hostile input makes them, so nothing here recurses: each function keeps a list of
 * what it has still to do, on the heap.
 */
struct work {
    struct work_item {
        struct inode *inode;
        const struct inode *other; /* the second of a pair where a function walks two trees */
    } * items;
    size_t count;
    size_t capacity;
};

static void work_push(struct work *work, struct inode *inode, const struct inode *other)
{
    if (work->count == work->capacity) {
        work->capacity = work->capacity * 2 + 16;
        work->items = xreallocarray(work->items, work->capacity, sizeof *work->items);
    }
    work->items[work->count++] = (struct work_item){inode, other};
}

static bool work_pop(struct work *work, struct work_item *item)
{
    if (work->count == 0)
        return false;
    *item = work->items[--work->count];
    return true;
}

static void work_free(struct work *work)
{
    free(work->items);
}
#define cleanup_work __attribute__((cleanup(work_free)))

struct inode *inode_new(mode_t mode)
{
    struct inode *inode = xcalloc(1, sizeof *inode);
    inode->references = 1;
    inode->mode = mode;
    return inode;
}

struct inode *inode_ref(struct inode *inode)
{
    inode->references++;
    return inode;
}

static void xattrs_free(struct inode *inode)
{
    for (size_t i = 0; i < inode->xattr_count; i++) {
        free(inode->xattrs[i].name);
        free(inode->xattrs[i].value);
    }
    free(take_pointer(inode->xattrs));
    inode->xattr_count = 0;
}

/* Releases one inode; its children, if it has any, become work. */
static void inode_free(struct inode *inode, struct work *work)
{
    for (size_t i = 0; i < inode->child_count; i++) {
        free(inode->children[i].name);
        work_push(work, inode->children[i].inode, NULL);
    }
    free(inode->children);
    xattrs_free(inode);
    content_unref(inode->content);
    free(inode->target);
    free(inode);
}

void inode_unref(struct inode *inode)
{
    if (inode == NULL)
        return;
    cleanup_work struct work work = {0};
    struct work_item item = {inode, NULL};
    do {
        if (--item.inode->references == 0)
            inode_free(item.inode, &work);
    } while (work_pop(&work, &item));
}

void inode_set_xattr(struct inode *inode, const char *name, const void *value, size_t length)
{
    size_t i = 0;
    while (i < inode->xattr_count && strcmp(inode->xattrs[i].name, name) < 0)
        i++;
    char *copy = xmemdup(value, length);
    if (i < inode->xattr_count && strcmp(inode->xattrs[i].name, name) == 0) {
        free(inode->xattrs[i].value);
        inode->xattrs[i].value = copy;
        inode->xattrs[i].length = length;
        return;
    }
    inode->xattrs = xreallocarray(inode->xattrs, inode->xattr_count + 1, sizeof *inode->xattrs);
    memmove(&inode->xattrs[i + 1], &inode->xattrs[i], (inode->xattr_count - i) * sizeof *inode->xattrs);
    inode->xattrs[i] = (struct xattr){xstrdup(name), copy, length};
    inode->xattr_count++;
}

/* The index of `name`, or where it belongs; *found tells which. */
static size_t child_index(const struct inode *directory, const char *name, bool *found)
{
    size_t low = 0, high = directory->child_count;
    *found = false;
    /* Trees are mostly built in order: look at the end first. */
    if (high > 0 && strcmp(directory->children[high - 1].name, name) < 0)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(directory->children[middle].name, name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct inode *tree_child(const struct inode *directory, const char *name)
{
    bool found;
    size_t i = child_index(directory, name, &found);
    return found ? directory->children[i].inode : NULL;
}

void tree_put(struct inode *directory, const char *name, struct inode *inode)
{
    inode_ref(inode); /* first: the inode may be the one that is replaced, or below it */
    bool found;
    size_t i = child_index(directory, name, &found);
    if (found) {
        struct inode *replaced = directory->children[i].inode;
        directory->children[i].inode = inode;
        inode_unref(replaced);
        return;
    }
    if (directory->child_count == directory->child_capacity) {
        directory->child_capacity = directory->child_capacity * 2 + 4;
        directory->children =
            xreallocarray(directory->children, directory->child_capacity, sizeof *directory->children);
    }
    struct node *at = &directory->children[i];
    memmove(at + 1, at, (directory->child_count - i) * sizeof *at);
    *at = (struct node){xstrdup(name), inode};
    directory->child_count++;
}

void inode_copy_attributes(struct inode *to, const struct inode *from)
{
    to->mode = from->mode;
    to->uid = from->uid;
    to->gid = from->gid;
    to->mtime = from->mtime;
    xattrs_free(to);
    for (size_t i = 0; i < from->xattr_count; i++)
        inode_set_xattr(to, from->xattrs[i].name, from->xattrs[i].value, from->xattrs[i].length);
}

struct inode *inode_copy(const struct inode *inode)
{
    struct inode *copy = inode_new(inode->mode);
    inode_copy_attributes(copy, inode);
    copy->device = inode->device;
    copy->content = inode->content != NULL ? content_ref(inode->content) : NULL;
    copy->target = inode->target != NULL ? xstrdup(inode->target) : NULL;
    return copy;
}

/* A directory with the same attributes and no children. */
static struct inode *directory_copy(const struct inode *directory)
{
    struct inode *copy = inode_new(directory->mode);
    inode_copy_attributes(copy, directory);
    return copy;
}

struct inode *tree_copy(struct inode *directory)
{
    struct inode *root = directory_copy(directory);
    cleanup_work struct work work = {0};
    struct work_item item = {root, directory};
    do {
        for (size_t i = 0; i < item.other->child_count; i++) {
            const struct node *node = &item.other->children[i];
            if (!S_ISDIR(node->inode->mode)) {
                tree_put(item.inode, node->name, node->inode);
                continue;
            }
            cleanup_inode struct inode *copy = directory_copy(node->inode);
            tree_put(item.inode, node->name, copy);
            work_push(&work, copy, node->inode);
        }
    } while (work_pop(&work, &item));
    return root;
}

static void merge_child(struct inode *directory, const struct node *node, struct work *work)
{
    if (!S_ISDIR(node->inode->mode)) {
        tree_put(directory, node->name, node->inode);
        return;
    }
    struct inode *existing = tree_child(directory, node->name);
    if (existing == NULL || !S_ISDIR(existing->mode)) {
        cleanup_inode struct inode *copy = tree_copy(node->inode);
        tree_put(directory, node->name, copy);
        return;
    }
    work_push(work, existing, node->inode);
}

void tree_merge(struct inode *root, const struct inode *layer)
{
    cleanup_work struct work work = {0};
    struct work_item item = {root, layer};
    do {
        inode_copy_attributes(item.inode, item.other);
        for (size_t i = 0; i < item.other->child_count; i++)
            merge_child(item.inode, &item.other->children[i], &work);
    } while (work_pop(&work, &item));
}

/* The position of a walk in one directory. */
struct walk_level {
    struct inode *directory;
    size_t next;        /* child */
    size_t path_length; /* of the directory's own path */
};

struct walk {
    struct walk_level *levels;
    size_t depth;
    size_t capacity;
    struct buffer path;
};

static void walk_enter(struct walk *walk, struct inode *directory)
{
    if (walk->depth == walk->capacity) {
        walk->capacity = walk->capacity * 2 + 16;
        walk->levels = xreallocarray(walk->levels, walk->capacity, sizeof *walk->levels);
    }
    walk->levels[walk->depth++] = (struct walk_level){directory, 0, walk->path.length};
}

static void walk_free(struct walk *walk)
{
    free(walk->levels);
    buffer_free(&walk->path);
}

int tree_walk(struct inode *root, tree_visit *visit, void *data, struct error *error)
{
    __attribute__((cleanup(walk_free))) struct walk walk = {0};
    int result = visit("", root, data, error);
    if (result != 0)
        return result;
    walk_enter(&walk, root);
    while (walk.depth > 0) {
        struct walk_level *level = &walk.levels[walk.depth - 1];
        if (level->next == level->directory->child_count) {
            walk.depth--;
            continue;
        }
        struct node *node = &level->directory->children[level->next++];
        walk.path.length = level->path_length;
        if (walk.path.length > 0)
            buffer_add_char(&walk.path, '/');
        buffer_add_string(&walk.path, node->name);
        result = visit(walk.path.data, node->inode, data, error);
        if (result != 0)
            return result;
        if (S_ISDIR(node->inode->mode))
            walk_enter(&walk, node->inode);
    }
    return 0;
}
