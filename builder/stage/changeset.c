#include "builder/stage/changeset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "formats/tree/lookup.h"

/* Of a directory that the instruction makes. */
static void set_made_attributes(const struct changeset *changeset, struct inode *directory)
{
    directory->mode = S_IFDIR | changeset->mode;
    directory->uid = changeset->uid;
    directory->gid = changeset->gid;
    directory->mtime = changeset->time;
}

static struct inode *new_layer(const struct changeset *changeset)
{
    struct inode *root = inode_new(S_IFDIR | 0755);
    inode_copy_attributes(root, changeset->stage->root);
    return root;
}

struct changeset changeset_begin(struct stage *stage, int64_t time)
{
    struct changeset changeset = {.stage = stage, .time = time, .mode = 0755};
    changeset.layer = new_layer(&changeset);
    return changeset;
}

void changeset_end(struct changeset *changeset, const char *created_by)
{
    stage_add_layer(changeset->stage, changeset->layer, created_by);
}

void changeset_free(struct changeset *changeset)
{
    inode_unref(changeset->layer);
    changeset->layer = NULL;
}

/*
 * The directory of that path in a layer, made with all above it: those that the stage has look as they do
 * there, since a layer's entry for a directory replaces its attributes. `path` holds no symlinks and in the
 * stage no files.
 */
static struct inode *mirror_directory(const struct changeset *changeset, struct inode *layer,
                                      const char *path)
{
    struct inode *directory = layer;
    const struct inode *existing = changeset->stage->root;
    while (path += strspn(path, "/"), *path != '\0') {
        size_t length = strcspn(path, "/");
        cleanup_free char *name = xstrndup(path, length);
        path += length;
        existing = existing != NULL ? tree_child(existing, name) : NULL;
        struct inode *child = tree_child(directory, name);
        if (child == NULL) {
            cleanup_inode struct inode *made = inode_new(S_IFDIR | 0755);
            set_made_attributes(changeset, made);
            if (existing != NULL)
                inode_copy_attributes(made, existing);
            tree_put(directory, name, made);
            child = made; /* the layer holds it */
        }
        directory = child;
    }
    return directory;
}

/* Lays one change over the stage and adds it to the instruction's layer. */
static void commit(struct changeset *changeset, const struct inode *change)
{
    tree_merge(changeset->stage->root, change);
    tree_merge(changeset->layer, change);
}

/* The inode at a path without symlinks, or NULL. An error where a file is in the way. */
static int look(const struct changeset *changeset, const char *path, struct inode **found,
                struct error *error)
{
    cleanup_error struct error missing = {0};
    *found = tree_lookup(changeset->stage->root, path, TREE_NOFOLLOW, &missing);
    if (*found == NULL && missing.number == ENOTDIR)
        return error_set(error, "%s: a file stands where a directory is needed", path);
    return 0;
}

/* The path without symlinks and "..". NULL and an error in plain words. */
static char *real_path(const struct changeset *changeset, const char *path, struct error *error)
{
    char *real = tree_real_path(changeset->stage->root, path, TREE_FOLLOW, error);
    if (real != NULL)
        return real;
    if (error->number == ENOTDIR)
        error_set(error, "%s: a file stands where a directory is needed", path);
    else if (error->number == ELOOP)
        error_set(error, "%s: a loop of symlinks", path);
    return NULL;
}

/* True if the path says by itself that it is a directory. */
static bool names_directory(const char *path)
{
    size_t length = strlen(path);
    return length == 0 || path[length - 1] == '/' || (length >= 2 && strcmp(path + length - 2, "/.") == 0) ||
           (length >= 3 && strcmp(path + length - 3, "/..") == 0);
}

bool changeset_is_directory(const struct changeset *changeset, const char *destination)
{
    cleanup_error struct error missing = {0};
    if (names_directory(destination))
        return true;
    const struct inode *there = tree_lookup(changeset->stage->root, destination, TREE_FOLLOW, &missing);
    return there != NULL && S_ISDIR(there->mode);
}

char *changeset_add_file(struct changeset *changeset, const char *destination, const char *name, bool into,
                         struct inode *file, struct error *error)
{
    cleanup_free char *path = real_path(changeset, destination, error);
    struct inode *there;
    if (path == NULL || look(changeset, path, &there, error) < 0)
        return NULL;
    bool directory = there != NULL && S_ISDIR(there->mode);
    into = into || directory || names_directory(destination);
    if (into && there != NULL && !directory) {
        error_set(error, "%s: not a directory in the stage", destination);
        return NULL;
    }
    if (into) {
        char *inner = path_join(path, name);
        free(path);
        path = inner;
        if (look(changeset, path, &there, error) < 0)
            return NULL;
    }
    if (there != NULL && S_ISDIR(there->mode)) {
        error_set(error, "%s: a directory in the stage, which a file cannot replace", path);
        return NULL;
    }
    char *slash = strrchr(path, '/');
    cleanup_free char *parent = xstrndup(path, (size_t)(slash - path));
    cleanup_inode struct inode *change = new_layer(changeset);
    tree_put(mirror_directory(changeset, change, parent), slash + 1, file);
    commit(changeset, change);
    return take_pointer(path);
}

/* A pair of directories that are to become one. */
struct merge_check {
    const struct inode *root;
    const char *destination;
};

/* Visits the source tree: nothing in it may change the kind of the entry that stands there. */
static int check_entry(const char *path, struct inode *inode, void *data, struct error *error)
{
    const struct merge_check *check = data;
    cleanup_error struct error missing = {0};
    if (*path == '\0')
        return 0;
    struct inode *there = tree_lookup((struct inode *)check->root, path, TREE_NOFOLLOW, &missing);
    if (there == NULL || S_ISDIR(there->mode) == S_ISDIR(inode->mode))
        return 0;
    cleanup_free char *whole = path_join(check->destination, path);
    if (S_ISDIR(there->mode))
        return error_set(error, "%s: a directory in the stage, which a file cannot replace", whole);
    return error_set(error, "%s: a %s in the stage, which a directory cannot replace", whole,
                     S_ISLNK(there->mode) ? "symlink" : "file");
}

int changeset_add_contents(struct changeset *changeset, const char *destination, struct inode *directory,
                           struct error *error)
{
    cleanup_free char *path = real_path(changeset, destination, error);
    struct inode *there;
    if (path == NULL || look(changeset, path, &there, error) < 0)
        return -1;
    if (there != NULL && !S_ISDIR(there->mode))
        return error_set(error, "%s: not a directory in the stage", destination);
    if (there != NULL) {
        struct merge_check check = {there, path};
        if (tree_walk(directory, check_entry, &check, error) < 0)
            return -1;
    }
    cleanup_inode struct inode *change = new_layer(changeset);
    struct inode *target = mirror_directory(changeset, change, path);
    cleanup_inode struct inode *contents = inode_new(S_IFDIR | 0755);
    /* The directory itself is not copied (Docker, COPY): one that exists stays what it is, and a new one is
     * like those on the way to it. */
    set_made_attributes(changeset, contents);
    if (there != NULL)
        inode_copy_attributes(contents, there);
    for (size_t i = 0; i < directory->child_count; i++)
        tree_put(contents, directory->children[i].name, directory->children[i].inode);
    tree_merge(target, contents);
    commit(changeset, change);
    return 0;
}

char *changeset_add_directory(struct changeset *changeset, const char *path, bool *made, struct error *error)
{
    cleanup_free char *below = path_clean(path, PATH_DOTS_POP);
    cleanup_free char *clean = path_join("/", below);
    cleanup_free char *real = real_path(changeset, clean, error);
    struct inode *there;
    if (real == NULL || look(changeset, real, &there, error) < 0)
        return NULL;
    if (there != NULL && !S_ISDIR(there->mode)) {
        error_set(error, "%s: not a directory in the stage", clean);
        return NULL;
    }
    *made = there == NULL;
    if (*made) {
        cleanup_inode struct inode *change = new_layer(changeset);
        mirror_directory(changeset, change, real);
        commit(changeset, change);
    }
    return take_pointer(clean);
}
