#include "formats/tree/symlinks.h"

#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

/* A directory of the original, and those above it up to the root. */
struct place {
    const struct inode *directories[SYMLINKS_DEPTH_MAX];
    size_t depth; /* how many; the root is the first */
};

struct copying {
    uint64_t bytes; /* that may still come */
    size_t entries;
    const struct inode *open[SYMLINKS_DEPTH_MAX]; /* directories that are being copied */
    size_t open_count;
};

static const struct inode *follow(struct place *place, const char *target, unsigned *hops);

/* What the name is in the place; a directory becomes the place. NULL: nothing in the tree. */
static const struct inode *step(struct place *place, const char *name, unsigned *hops)
{
    const struct inode *found = place->directories[place->depth - 1];
    if (*name == '\0' || strcmp(name, ".") == 0)
        return found;
    if (strcmp(name, "..") == 0)
        return place->depth > 1 ? place->directories[--place->depth - 1] : NULL;
    found = tree_child(found, name);
    if (found != NULL && S_ISLNK(found->mode))
        return ++*hops <= SYMLINKS_HOPS_MAX ? follow(place, found->target, hops) : NULL;
    if (found == NULL || !S_ISDIR(found->mode))
        return found;
    if (place->depth == SYMLINKS_DEPTH_MAX)
        return NULL;
    place->directories[place->depth++] = found;
    return found;
}

static const struct inode *follow(struct place *place, const char *target, unsigned *hops)
{
    if (*target == '/')
        return NULL;
    cleanup_free char *copy = xstrdup(target);
    const struct inode *found = place->directories[place->depth - 1];
    char *rest = copy;
    for (char *name = strsep(&rest, "/"); found != NULL && name != NULL; name = strsep(&rest, "/"))
        found = S_ISDIR(found->mode) ? step(place, name, hops) : NULL;
    return found;
}

static bool is_open(const struct copying *copying, const struct inode *directory)
{
    for (size_t i = 0; i < copying->open_count; i++)
        if (copying->open[i] == directory)
            return true;
    return false;
}

static struct inode *copy_directory(struct copying *copying, const struct place *place);

static bool copy_child(struct copying *copying, const struct place *parent, const struct node *node,
                       struct inode *into)
{
    struct place place = *parent;
    unsigned hops = 0;
    const struct inode *found = step(&place, node->name, &hops);
    if (found == NULL || (S_ISDIR(found->mode) && is_open(copying, found)))
        return true;
    uint64_t size = S_ISREG(found->mode) && found->content != NULL ? content_size(found->content) : 0;
    if (copying->entries == 0 || size > copying->bytes)
        return false;
    copying->entries--;
    copying->bytes -= size;
    cleanup_inode struct inode *copy =
        S_ISDIR(found->mode) ? copy_directory(copying, &place) : inode_copy(found);
    if (copy != NULL)
        tree_put(into, node->name, copy);
    return copy != NULL;
}

/* Of the place; NULL where there is no room. */
static struct inode *copy_directory(struct copying *copying, const struct place *place)
{
    const struct inode *directory = place->directories[place->depth - 1];
    cleanup_inode struct inode *copy = inode_new(directory->mode);
    if (copying->open_count == SYMLINKS_DEPTH_MAX)
        return NULL;
    copying->open[copying->open_count++] = directory;
    inode_copy_attributes(copy, directory);
    for (size_t i = 0; i < directory->child_count; i++)
        if (!copy_child(copying, place, &directory->children[i], copy))
            return NULL;
    copying->open_count--;
    return take_pointer(copy);
}

struct inode *symlinks_resolve(const struct inode *directory, uint64_t bytes)
{
    struct copying copying = {.bytes = bytes, .entries = SYMLINKS_ENTRIES_MAX};
    const struct place place = {.directories = {directory}, .depth = 1};
    return copy_directory(&copying, &place);
}
