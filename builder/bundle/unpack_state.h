/* Between the files of unpack: where an unpacking stands. */
#ifndef BUILDER_BUNDLE_UNPACK_STATE_H
#define BUILDER_BUNDLE_UNPACK_STATE_H

#include "builder/bundle/inode_set.h"
#include "builder/image/layer_reader.h"

/* Directories get their modes and times at the very end: a directory without write permission is written to
 * until then, and each file made in it changes its time. */
struct directory_record {
    char *path;
    ino_t inode;
    mode_t mode;
    struct timespec mtime;
};

struct unpacker {
    int root;
    bool privileged;
    struct inode_set made; /* by this layer: whiteouts of a layer spare its own entries */
    struct directory_record *directories;
    size_t directory_count;
    size_t directory_capacity;
    char *parent_path; /* of the last entry, and the directory it led to; -1 where none is known */
    int parent;
    unsigned devices_left_out;
    unsigned xattrs_left_out;
};

/* An entry's place: `parent` is borrowed from the unpacker. */
struct place {
    char *path; /* clean and relative, "" for the root; owned */
    int parent;
    const char *name; /* the last component; points into path */
};

/* Gives `name` under `directory` (or the descriptor itself, with "") its owner, where we are root. */
int unpack_set_owner(const struct unpacker *unpacker, int directory, const char *name,
                     struct archive_entry *entry, struct error *error);
/* Sets owner, xattrs, mode and times of what was made, through an open descriptor. */
int unpack_set_metadata(struct unpacker *unpacker, int fd, struct archive_entry *entry, mode_t mode,
                        struct error *error);
struct timespec unpack_mtime(struct archive_entry *entry);

/* Whiteouts: hides what lower layers have under this name, or in this directory. */
int unpack_hide(struct unpacker *unpacker, int parent, const char *name, struct error *error);
int unpack_hide_children(struct unpacker *unpacker, int directory, struct error *error);

#endif
