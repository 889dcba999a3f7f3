/* An existing image: in a layout directory, or in an archive as skopeo, docker, podman and urunc-build write
 * it. */
#ifndef BUILDER_IMAGE_SOURCE_IMAGE_H
#define BUILDER_IMAGE_SOURCE_IMAGE_H

#include <jansson.h>
#include <stddef.h>

#include "builder/image/archive_reader.h"
#include "formats/oci/layout.h"

struct source_layer {
    char *name; /* for messages: "layer 2 of 3 (sha256:...)" */
    struct blob blob;
    struct digest digest;  /* of the blob; empty text where the archive does not tell (docker-archive) */
    struct digest diff_id; /* of the tar in it */
};

struct source_image {
    char *name; /* as the user wrote it */
    struct oci_layout layout;
    struct image_archive archive;
    json_t *manifest; /* NULL for a docker-archive */
    json_t *config;
    struct source_layer *layers; /* lowest first */
    size_t layer_count;
};
#define SOURCE_IMAGE_NONE ((struct source_image){.layout = {.fd = -1}, .archive = {.fd = -1}})

/*
 * Opens `name`: a layout's directory "DIR[:TAG]", an archive "FILE[:TAG]", or one of them with its kind
 * before it: "oci:", "oci-archive:", "docker-archive:". From an index of several platforms the one of
 * `platform`
 * ("linux/arm64/v8"; NULL: this machine's) is taken. Manifest and config are verified against their digests
 * here, layers by whoever reads them (layer_reader). Errors name the image and the document.
 */
int source_image_open(struct source_image *image, const char *name, const char *platform,
                      struct error *error);
void source_image_close(struct source_image *image);
#define cleanup_source_image __attribute__((cleanup(source_image_close)))

#endif
