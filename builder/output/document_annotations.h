/* Annotations of the documents that an image is made of, as --annotation gives them. */
#ifndef BUILDER_OUTPUT_DOCUMENT_ANNOTATIONS_H
#define BUILDER_OUTPUT_DOCUMENT_ANNOTATIONS_H

#include <jansson.h>

#include "formats/base/error.h"

/* Objects of strings, or NULL where there are none. */
struct document_annotations {
    json_t *manifest;
    json_t *descriptor; /* of the manifest's descriptor in the index */
    json_t *index;
};

/*
 * Adds "KEY=VALUE" to the manifest's, or "TYPE[,TYPE...]:KEY=VALUE" to those of the types (as docker buildx
 * has them): "manifest", "manifest-descriptor" and "index". Errors: an unknown type; "index-descriptor", for
 * nothing describes the index; a platform in brackets, for an image has one; a key that -t sets.
 */
int document_annotations_add(struct document_annotations *to, const char *text, struct error *error);

void document_annotations_free(struct document_annotations *to);

#endif
