/* Indexes (image-spec, image-index.md): which images stand in a layout or an archive, and by which names. */
#ifndef FORMATS_OCI_INDEX_H
#define FORMATS_OCI_INDEX_H

#include <jansson.h>

#include "formats/base/error.h"
#include "formats/oci/descriptor.h"

/* The annotations that name an image. */
#define OCI_ANNOTATION_REF_NAME                                                                              \
    "org.opencontainers.image.ref.name" /* the tag, as skopeo and umoci look for it */
#define OCI_ANNOTATION_IMAGE_NAME                                                                            \
    "io.containerd.image.name" /* the full name, as containerd, podman and buildx look for it */

/* Annotations besides the names: objects of strings, borrowed; NULL: none. */
struct oci_annotations {
    const json_t *entry; /* of the manifest's entry in the index */
    const json_t *index; /* of the index itself, over those that it has */
};

/* An index without entries; new reference. */
json_t *oci_index_new(void);
/*
 * Adds an entry {"mediaType","digest","size","platform","annotations"} to an index, and annotations to both.
 * `tag` goes to org.opencontainers.image.ref.name, `image_name` ("docker.io/library/web:1") to
 * io.containerd.image.name; each may be NULL, and so may `platform`.
 */
void oci_index_add(json_t *index, const struct descriptor *manifest, const json_t *platform, const char *tag,
                   const char *image_name, struct oci_annotations extra);
/* Removes the entries whose place a new one of this tag and this full name takes: those of the same tag or
 * the same name, or for one without both, those without both. */
void oci_index_remove(json_t *index, const char *tag, const char *image_name);
/* Finds a manifest or nested index by tag or full name (any form that the reference grammar completes to it);
 * with ref NULL the only entry, an error that lists the names where there are several. `where` stands in
 * errors. */
int oci_index_find(const json_t *index, const char *ref, const char *where, struct descriptor *manifest,
                   struct error *error);

#endif
