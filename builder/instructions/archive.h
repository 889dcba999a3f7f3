/* INITRD and BLOCK: trees that become archives and filesystems. */
#ifndef BUILDER_INSTRUCTIONS_ARCHIVE_H
#define BUILDER_INSTRUCTIONS_ARCHIVE_H

#include "builder/build/build.h"

/* Completes the trees of the archives that the stage's instructions asked for: the guest's init joins them
 * where it belongs. Errors are placed. */
int archives_complete(struct build *build, struct stage *stage, struct error *error);

/* Makes the archives and gives the files that stand for them their content. Errors are placed. */
int archives_write(struct build *build, struct stage *stage, struct error *error);

#endif
