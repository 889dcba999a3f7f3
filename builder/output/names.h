/* The names of an image, as the entries of an index that say them. */
#ifndef BUILDER_OUTPUT_NAMES_H
#define BUILDER_OUTPUT_NAMES_H

#include "formats/base/buffer.h"
#include "formats/base/error.h"

struct index_name {
    char *tag;        /* or NULL: an earlier name has the same, and a layout's tags must be unambiguous */
    char *image_name; /* or NULL: the image has no name at all */
};

struct index_names {
    struct index_name *items;
    size_t count; /* at least 1: an image without names gets one entry without them */
};

int index_names_of(const struct strings *names, struct index_names *entries, struct error *error);
void index_names_free(struct index_names *entries);
#define cleanup_index_names __attribute__((cleanup(index_names_free)))

#endif
