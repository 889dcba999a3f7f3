#include "formats/ext2/plan.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/tree/inode_map.h"

enum {
    MOST_LINKS = 65000, /* e2fsprogs' EXT2_LINK_MAX; i_links_count has 16 bits */
    LONGEST_NAME = 255,
};

#define LOST_AND_FOUND "lost+found"

char *ext2_plan_path(const struct ext2_plan *plan, uint32_t index)
{
    char *path = xstrdup(index == 0 ? "/" : plan->files[index].name);
    for (index = plan->files[index].parent; index != 0; index = plan->files[index].parent) {
        char *longer = xasprintf("%s/%s", plan->files[index].name, path);
        free(path);
        path = longer;
    }
    return path;
}

static void add_file(struct ext2_plan *plan, struct inode *inode, const char *name, uint32_t parent)
{
    if (plan->count == plan->capacity) {
        plan->capacity = plan->capacity * 2 + 64;
        plan->files = xreallocarray(plan->files, plan->capacity, sizeof *plan->files);
    }
    plan->files[plan->count++] = (struct ext2_file){.inode = inode, .name = name, .parent = parent};
    *inode_map_at(plan->indexes, inode) = plan->count;
}

static int check_name(const struct ext2_plan *plan, uint32_t directory, const char *name, struct error *error)
{
    size_t length = strlen(name);
    if (length > 0 && length <= LONGEST_NAME)
        return 0;
    cleanup_free char *path = ext2_plan_path(plan, directory);
    return error_set(error, "%s: the name \"%s\" of %zu bytes; ext2 holds 1 to %d", path, name, length,
                     LONGEST_NAME);
}

static int add_link(struct ext2_plan *plan, uint32_t index, struct error *error)
{
    if (++plan->files[index].links <= MOST_LINKS)
        return 0;
    cleanup_free char *path = ext2_plan_path(plan, index);
    return error_set(error, "%s: more than %d links (names, or directories in a directory)", path,
                     MOST_LINKS);
}

static int number_children(struct ext2_plan *plan, uint32_t index, struct error *error)
{
    const struct inode *directory = plan->files[index].inode;
    for (size_t i = 0; i < directory->child_count; i++) {
        const struct node *node = &directory->children[i];
        if (check_name(plan, index, node->name, error) < 0)
            return -1;
        if (*inode_map_at(plan->indexes, node->inode) == 0)
            add_file(plan, node->inode, node->name, index);
        uint32_t child = ext2_index(plan, node->inode);
        if (add_link(plan, child, error) < 0)
            return -1;
        /* A directory's ".." is a link to its parent, its "." one to itself. */
        if (S_ISDIR(node->inode->mode) &&
            (add_link(plan, index, error) < 0 || add_link(plan, child, error) < 0))
            return -1;
    }
    return 0;
}

static int number_inodes(struct ext2_plan *plan, struct error *error)
{
    add_file(plan, plan->root, "", 0);
    plan->files[0].links = 2; /* its "." and its ".." */
    add_file(plan, tree_child(plan->root, LOST_AND_FOUND), LOST_AND_FOUND, 0);
    for (uint32_t i = 0; i < plan->count; i++)
        if (S_ISDIR(plan->files[i].inode->mode) && number_children(plan, i, error) < 0)
            return -1;
    return 0;
}

/* e2fsck wants a directory to put into what it finds. A tree without one gets it in a copy of its root. */
static int ensure_lost_and_found(struct ext2_plan *plan, struct inode *root, struct error *error)
{
    const struct inode *existing = tree_child(root, LOST_AND_FOUND);
    if (existing != NULL && !S_ISDIR(existing->mode))
        return error_set(error, LOST_AND_FOUND ": in an ext2 image this has to be a directory");
    if (existing != NULL) {
        plan->root = inode_ref(root);
        return 0;
    }
    plan->root = inode_new(root->mode);
    inode_copy_attributes(plan->root, root);
    for (size_t i = 0; i < root->child_count; i++)
        tree_put(plan->root, root->children[i].name, root->children[i].inode);
    cleanup_inode struct inode *made = inode_new(S_IFDIR | 0700);
    made->mtime = root->mtime;
    tree_put(plan->root, LOST_AND_FOUND, made);
    return 0;
}

int ext2_plan_make(struct ext2_plan *plan, struct inode *root, struct error *error)
{
    *plan = (struct ext2_plan){.indexes = inode_map_new()};
    if (ensure_lost_and_found(plan, root, error) < 0)
        return -1;
    return number_inodes(plan, error);
}

void ext2_plan_free(struct ext2_plan *plan)
{
    for (uint32_t i = 0; i < plan->count; i++)
        ext2_runs_free(&plan->files[i].runs);
    free(plan->files);
    inode_map_free(plan->indexes);
    inode_unref(plan->root);
    *plan = (struct ext2_plan){0};
}
