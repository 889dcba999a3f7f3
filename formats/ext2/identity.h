/* UUID and hash seed: a digest of all that an image shows, so that the same tree makes the same bytes. */
#ifndef FORMATS_EXT2_IDENTITY_H
#define FORMATS_EXT2_IDENTITY_H

#include <ext2fs/ext2fs.h>

#include "formats/ext2/ext2_options.h"
#include "formats/ext2/plan.h"

/* Sets them by what the plan holds once everything is written. */
int ext2_identify(const struct ext2_plan *plan, const struct ext2_options *options,
                  struct ext2_super_block *super, struct error *error);

#endif
