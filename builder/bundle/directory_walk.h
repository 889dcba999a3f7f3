/* Walking what is below a directory on disk, however deep, with three descriptors at most. */
#ifndef BUILDER_BUNDLE_DIRECTORY_WALK_H
#define BUILDER_BUNDLE_DIRECTORY_WALK_H

#include "formats/base/error.h"

/*
 * Called with an entry's name in the directory `parent`. A visitor may remove or change the entry that it is
 * called for. Each member may be NULL, and each function returns -1 with the error set to end the walk.
 */
struct walk_visitor {
    int (*file)(void *data, int parent, const char *name, struct error *error); /* all but directories */
    /* Before a directory's entries: 1 to walk it, 0 to pass it over (`leave` is not called then). */
    int (*enter)(void *data, int parent, const char *name, struct error *error);
    /* After a directory's entries; `fd` is the directory itself. */
    int (*leave)(void *data, int parent, const char *name, int fd, struct error *error);
};

/* Walks everything below the directory `top`, not `top` itself. Symlinks are entries, never followed. An
 * error where a directory is moved away during the walk. */
int walk_directory(int top, const struct walk_visitor *visitor, void *data, struct error *error);

#endif
