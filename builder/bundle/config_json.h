/* A bundle's config.json, from an image's configuration (image-spec, conversion.md; runtime-spec 1.1,
 * config.md). */
#ifndef BUILDER_BUNDLE_CONFIG_JSON_H
#define BUILDER_BUNDLE_CONFIG_JSON_H

#include <jansson.h>

#include "formats/base/error.h"

/* The config.json of an image that is unpacked at `rootfd` and will stand in "rootfs". `manifest` may be
 * NULL. New reference; NULL on error: a config of wrong types, a user who is not in the image. */
json_t *config_json_of_image(const json_t *manifest, const json_t *config, int rootfd, struct error *error);

#endif
