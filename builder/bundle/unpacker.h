/* Between the files of unpack: how far an unpacking has come, and the steps for one entry. */
#ifndef BUILDER_BUNDLE_UNPACKER_H
#define BUILDER_BUNDLE_UNPACKER_H

#include "builder/bundle/directory_log.h"
#include "builder/bundle/inode_set.h"
#include "builder/bundle/parent_cache.h"
#include "builder/image/layer_reader.h"

struct unpacker {
    int root;
    bool privileged;
    struct inode_set made;  /* by this layer: whiteouts of a layer spare its own entries */
    struct inode_set clean; /* directories in which nothing of lower layers is left */
    struct directory_log directories;
    struct parent_cache parents;
    unsigned devices_left_out;
    unsigned xattrs_left_out;
};

/* The directory and the name that an entry gets. */
struct destination {
    char *path;       /* clean and relative, "" for the root; owned */
    int parent;       /* borrowed from the unpacker until the next destination is found */
    const char *name; /* the last component; points into path */
};

void destination_free(struct destination *destination);
#define cleanup_destination __attribute__((cleanup(destination_free)))

/* Finds the destination of an entry's path or of a hard link's target. `make`: directories on the way are
 * made. -1 on error: a path that leaves the image by "..", one of PATH_MAX bytes or more, which no program
 * could open; number ENOENT or ENOTDIR where a directory is missing. */
int destination_find(struct unpacker *unpacker, const char *path, bool make, struct destination *destination,
                     struct error *error);

/* ---- entries.c ---- */

/* Makes the entry, with its data; what stands at its destination is replaced, but a directory merges. */
int unpack_entry(struct unpacker *unpacker, struct layer_reader *reader, struct archive_entry *entry,
                 const struct destination *destination, struct error *error);

/* ---- metadata.c ---- */

/* Gives `name` under `directory` (or the descriptor itself, with "") its owner, where we are root. */
int unpack_set_owner(const struct unpacker *unpacker, int directory, const char *name,
                     struct archive_entry *entry, struct error *error);
/* Sets owner, xattrs, mode and times of what was made, through an open descriptor. */
int unpack_set_metadata(struct unpacker *unpacker, int fd, struct archive_entry *entry, mode_t mode,
                        struct error *error);
struct timespec unpack_mtime(struct archive_entry *entry);
/* Gives all directories the modes and times that the layers say, when the image is complete. */
int unpack_finish_directories(struct unpacker *unpacker, struct error *error);

/* ---- whiteout.c ---- */

/* True where the path's last component is a whiteout (image-spec, layer.md). */
bool whiteout_is(const char *path);
/* Hides what lower layers have under the whiteout's name, or in its directory. */
int whiteout_apply(struct unpacker *unpacker, const struct destination *destination, struct error *error);

#endif
