/* The media types of OCI's documents, and Docker's for the same things. */
#ifndef FORMATS_OCI_MEDIA_TYPES_H
#define FORMATS_OCI_MEDIA_TYPES_H

#include <stdbool.h>

#include "formats/stream/compress.h"

#define OCI_MEDIA_TYPE_INDEX    "application/vnd.oci.image.index.v1+json"
#define OCI_MEDIA_TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_MEDIA_TYPE_CONFIG   "application/vnd.oci.image.config.v1+json"
/* As archives of other tools have them (distribution, manifest-v2-2.md). */
#define DOCKER_MEDIA_TYPE_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_MEDIA_TYPE_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_MEDIA_TYPE_CONFIG   "application/vnd.docker.container.image.v1+json"

bool oci_is_index(const char *media_type);    /* OCI's or Docker's */
bool oci_is_manifest(const char *media_type); /* OCI's or Docker's */
bool oci_is_config(const char *media_type);   /* OCI's or Docker's, of an image: not an artifact's */
/* Of a layer that is compressed so. */
const char *oci_layer_media_type(enum compression compression);
bool oci_is_layer(const char *media_type); /* a tar, in any compression that this project reads */

#endif
