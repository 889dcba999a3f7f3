/* Where an image goes: one file an output type, found by name in a table. */
#ifndef BUILDER_OUTPUT_OUTPUT_H
#define BUILDER_OUTPUT_OUTPUT_H

#include "builder/image/new_image.h"
#include "formats/base/buffer.h"
#include "formats/stream/compress.h"

struct output;

/* What `-o type=...,dest=...` says. */
struct output_options {
    const struct output *output;
    char *dest; /* owned; "-" is standard output, for the archives */
};

struct output {
    const char *type;             /* "oci", "oci-archive", "docker-archive" */
    enum compression compression; /* of the layers by default */
    bool takes_compressed;        /* false: layers are always stored uncompressed (docker-archive) */
    bool takes_stdout;            /* dest may be "-" */
    /* A directory descriptor (owned by the caller) on the filesystem where blobs are best written; nothing
     * visible is made in it, so a build that fails changes nothing. Errors: the destination cannot be written
     * to, as far as can be told before. */
    int (*blob_directory)(const struct output_options *options, struct error *error);
    /* Writes the image under each of the names (full references such as "docker.io/library/web:1"; may be
     * empty), so that a crash leaves the old state or the new one. Moves the layers' blobs where they belong.
     */
    int (*write)(const struct output_options *options, struct new_image *image, const struct strings *names,
                 struct error *error);
};

extern const struct output *const outputs[]; /* ends with NULL */
/* NULL where there is none of that name. */
const struct output *output_find(const char *type);

/* Parses "type=oci,dest=DIR" (CSV as docker buildx has it: a field in double quotes may hold commas; "dest=-"
 * is standard output for the archives). A word without "=" is a destination of type oci, "-" one of type
 * oci-archive. */
int output_options_parse(const char *text, struct output_options *options, struct error *error);
void output_options_free(struct output_options *options);
#define cleanup_output_options __attribute__((cleanup(output_options_free)))

#endif
