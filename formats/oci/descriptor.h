/* Descriptors (image-spec, descriptor.md): what a blob is, its digest and its size. */
#ifndef FORMATS_OCI_DESCRIPTOR_H
#define FORMATS_OCI_DESCRIPTOR_H

#include <jansson.h>
#include <stdint.h>

#include "formats/base/error.h"
#include "formats/stream/digest.h"

struct descriptor {
    char *media_type; /* owned */
    struct digest digest;
    uint64_t size; /* bytes */
};

void descriptor_free(struct descriptor *descriptor);
/* {"mediaType","digest","size"}; a new reference. */
json_t *descriptor_to_json(const struct descriptor *descriptor);
/* Reads and checks the three; `where` stands in errors. */
int descriptor_from_json(const json_t *json, const char *where, struct descriptor *descriptor,
                         struct error *error);

#endif
