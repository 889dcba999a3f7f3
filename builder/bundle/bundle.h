/* A bundle: an unpacked image and the config.json made from its configuration (runtime-spec, bundle.md). */
#ifndef BUILDER_BUNDLE_BUNDLE_H
#define BUILDER_BUNDLE_BUNDLE_H

#include "builder/image/source_image.h"

/* Makes the bundle `path`, which must not exist or be an empty directory. On error nothing is left behind:
 * the bundle is made under a hidden name beside it and renamed. */
int bundle_make(const struct source_image *image, const char *path, struct error *error);

#endif
