/* Choosing an image of an index by platform. */
#ifndef BUILDER_IMAGE_CHOOSE_PLATFORM_H
#define BUILDER_IMAGE_CHOOSE_PLATFORM_H

#include "formats/oci/descriptor.h"

#include <jansson.h>

/* The entry of `platform` ("linux/arm64/v8", "arm64"; NULL: linux on this machine), or the only one. The
 * error lists what there is. */
int platform_choose(const json_t *index, const char *platform, const char *where,
                    struct descriptor *descriptor, struct error *error);

#endif
