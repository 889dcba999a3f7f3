/* Sources of files for COPY, KERNEL, INITRD and BLOCK: the build context, or the tree of a stage. */
#ifndef BUILDER_CONTEXT_FILES_H
#define BUILDER_CONTEXT_FILES_H

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "formats/tree/tree.h"

/* Implementations embed this as their first member. Paths are relative to the source's root, with or without
 * a slash in front. */
struct files {
    /*
     * The inode at the path, symlinks followed, as a new reference: a directory comes with all below it
     * and may be changed by the caller, anything else is shared. Hard links between the results of one source
     * stay hard links. Fails with ERROR_KIND_EXCLUDED where an ignore file excludes the path: nothing where a
     * wildcard led there.
     */
    struct inode *(*load)(struct files *files, const char *path, struct error *error);
    /* The names in a directory, sorted in byte order. A path that is not a directory has none; only trouble
     * in reading is an error. */
    int (*list)(struct files *files, const char *path, struct strings *names, struct error *error);
};

/*
 * The paths that a source argument of COPY stands for, in byte order: with wildcards those that exist (maybe
 * none), without them the path itself, whether it exists or not.
 */
int files_glob(struct files *files, const char *pattern, struct strings *matches, struct error *error);

/* Files from the tree of a stage; both are borrowed. `name` stands in errors. */
struct tree_files {
    struct files files;
    struct inode *root;
    const char *name;
};
void tree_files_init(struct tree_files *files, struct inode *root, const char *name);

#endif
