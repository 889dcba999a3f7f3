/*
 * Putting files into a stage: the rules of COPY's destination, which all filesystem instructions share.
 *
 * A changeset collects the changes of one instruction as a layer (with the directories on the way, as they
 * are or as they become) and lays them over the stage's tree as it goes, so later files of the instruction
 * see earlier ones.
 */
#ifndef BUILDER_STAGE_CHANGESET_H
#define BUILDER_STAGE_CHANGESET_H

#include <stdbool.h>
#include <stdint.h>

#include "builder/stage/stage.h"

struct changeset {
    struct stage *stage;
    struct inode *layer;
    /* Of directories that are made. */
    int64_t time;
    uint32_t uid; /* 0 unless COPY --chown or, for WORKDIR, USER sets it */
    uint32_t gid;
    mode_t mode; /* permission bits: 0755 unless COPY --chmod sets it */
};

struct changeset changeset_begin(struct stage *stage, int64_t time);

/* Adds the layer and its history to the stage. */
void changeset_end(struct changeset *changeset, const char *created_by);

void changeset_free(struct changeset *changeset);
#define cleanup_changeset __attribute__((cleanup(changeset_free)))

/* True if the destination says by itself that it is a directory, or is one in the stage. */
bool changeset_is_directory(const struct changeset *changeset, const char *destination);

/*
 * Puts anything but a directory at `destination` (absolute), or into it under `name` where it ends in a
 * slash, is a directory, or `into` says so. Symlinks on the way lead where they lead within the stage.
 * Returns where the file stands now, without symlinks, owned by the caller; NULL where a directory stands
 * there or a file is in the way.
 */
char *changeset_add_file(struct changeset *changeset, const char *destination, const char *name, bool into,
                         struct inode *file, struct error *error);

/* Puts what a directory holds, but not its own attributes, into `destination`, which is made when it is
 * missing. A directory over a file, or a file over a directory, is an error. */
int changeset_add_contents(struct changeset *changeset, const char *destination, struct inode *directory,
                           struct error *error);

/* Makes a directory where it is missing (*made tells) and returns its path in normal form, symlinks kept;
 * owned by the caller. */
char *changeset_add_directory(struct changeset *changeset, const char *path, bool *made, struct error *error);

#endif
