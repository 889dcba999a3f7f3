/*
 * Unpacking an image's layers into a directory (image-spec, layer.md).
 *
 * Layers are hostile. Every name is opened beneath the directory (formats/beneath), so symlinks from earlier
 * entries lead nowhere outside; ".." is refused; existing things are removed, not written through.
 */
#ifndef BUILDER_BUNDLE_UNPACK_H
#define BUILDER_BUNDLE_UNPACK_H

#include "builder/image/source_image.h"

/*
 * Unpacks all layers into the empty directory `rootfd`, and verifies their digests and diff IDs. As root with
 * owners, devices and capabilities; as an ordinary user files are the user's, and devices are left out, with
 * one warning line on stderr. On error the directory holds some part of the image, which the caller removes.
 */
int unpack_image(const struct source_image *image, int rootfd, struct error *error);

#endif
