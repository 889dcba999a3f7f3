/* JSON documents of an image (manifest, index, config): parsing them, and writing them as they are hashed. */
#ifndef FORMATS_OCI_DOCUMENT_H
#define FORMATS_OCI_DOCUMENT_H

#include <jansson.h>
#include <stddef.h>

#include "formats/base/error.h"

enum { OCI_MAX_DOCUMENT = 4 << 20 }; /* bytes of a manifest, index or config; larger is an error */

/* Parses a document of at most OCI_MAX_DOCUMENT bytes, which must be one JSON object without double keys.
 * NULL on error, in which `where` stands. */
json_t *oci_json_parse(const void *bytes, size_t length, const char *where, struct error *error);

/* A document that is a manifest to one reader and an index to another is how a digest that was checked comes
 * to stand for something else (CVE-2021-41190): an error where the document's mediaType is not the
 * descriptor's, or where it has the lists of both. `media_type` is an index's or a manifest's. */
int oci_check_kind(const json_t *document, const char *media_type, const char *where, struct error *error);

/* JSON as it is hashed and stored: no spaces, keys in the order they were inserted. Owned by the caller. */
char *oci_json_text(const json_t *json);

#endif
