/* A bundle: an unpacked image and the config.json made from its configuration (runtime-spec, bundle.md;
 * image-spec, conversion.md). */
#ifndef BUILDER_BUNDLE_BUNDLE_H
#define BUILDER_BUNDLE_BUNDLE_H

#include <jansson.h>

#include "builder/image/source_image.h"

/* The config.json of an image that is unpacked at `rootfd` and will stand in "rootfs". `manifest` may be
 * NULL. New reference; NULL on error: a config of wrong types, a user who is not in the image. */
json_t *bundle_config(const json_t *manifest, const json_t *config, int rootfd, struct error *error);

/* Makes the bundle `path`, which must not exist or be an empty directory. On error nothing is left behind:
 * the bundle is made under a hidden name beside it and renamed. */
int bundle_make(const struct source_image *image, const char *path, struct error *error);

#endif
