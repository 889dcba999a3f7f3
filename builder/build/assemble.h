/* From a complete stage to an image. */
#ifndef BUILDER_BUILD_ASSEMBLE_H
#define BUILDER_BUILD_ASSEMBLE_H

#include "builder/build/contract.h"
#include "builder/stage/build_state.h"

/* Adds /urunc.json as the last layer, writes the layers, and makes the documents. The stage's config is
 * completed. */
int assemble_image(struct build *build, struct stage *stage, const struct contract *contract,
                   struct new_image *image, struct error *error);

#endif
