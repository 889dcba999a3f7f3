/* Trees of INITRD and BLOCK become archives and filesystems when their stage is complete. */
#ifndef BUILDER_BUILD_ARCHIVES_H
#define BUILDER_BUILD_ARCHIVES_H

#include "builder/stage/build_state.h"

/* Completes the trees of the archives that the stage's instructions asked for: the guest's init joins them
 * where it belongs. Errors are located. */
int archives_complete(struct build *build, struct stage *stage, struct error *error);

/* Makes the archives and gives the files that stand for them their content. Errors are located. */
int archives_write(struct build *build, struct stage *stage, struct error *error);

#endif
