/*
 * Putting files into a stage: the rules of COPY's destination, which all filesystem instructions share.
 *
 * A placement collects the changes of one instruction as a layer (with the directories on the way, as they
 * are or as they become) and lays them over the stage's tree as it goes, so later files of the instruction
 * see earlier ones.
 */
#ifndef BUILDER_BUILD_PLACEMENT_H
#define BUILDER_BUILD_PLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "builder/build/stage.h"

struct placement {
    struct stage *stage;
    struct inode *layer;
    /* Of directories that are made; their mode is 0755. */
    int64_t time;
    uint32_t uid; /* 0 unless COPY --chown sets it */
    uint32_t gid;
};

struct placement placement_begin(struct stage *stage, int64_t time);

/* Adds the layer and its history to the stage. */
void placement_end(struct placement *placement, const char *created_by);

void placement_free(struct placement *placement);
#define cleanup_placement __attribute__((cleanup(placement_free)))

/*
 * Puts anything but a directory at `destination` (absolute), or into it under `name` where it ends in a
 * slash, is a directory, or `into` says so. Symlinks on the way lead where they lead within the stage.
 * Returns where the file stands now, without symlinks, owned by the caller; NULL where a directory stands
 * there or a file is in the way.
 */
char *placement_file(struct placement *placement, const char *destination, const char *name, bool into,
                     struct inode *file, struct error *error);

/* Puts what a directory holds, but not its own attributes, into `destination`, which is made when it is
 * missing. A directory over a file, or a file over a directory, is an error. */
int placement_contents(struct placement *placement, const char *destination, struct inode *directory,
                       struct error *error);

/* Makes a directory where it is missing (*made tells) and returns its path in normal form, symlinks kept;
 * owned by the caller. */
char *placement_workdir(struct placement *placement, const char *path, bool *made, struct error *error);

#endif
