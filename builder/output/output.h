/* Outputs, to which an image is written: one file a type, registered by one line in OUTPUTS. */
#ifndef BUILDER_OUTPUT_OUTPUT_H
#define BUILDER_OUTPUT_OUTPUT_H

#include "builder/image/new_image.h"
#include "builder/output/document_annotations.h"
#include "formats/base/buffer.h"
#include "formats/oci/index.h"
#include "formats/stream/compress.h"

struct output;

/*
 * The outputs: identifier, the type that -o names. Each has a definition made by DEFINE_OUTPUT; one that is
 * missing does not link, and one that is not listed does not compile. The first is that of a destination
 * without a type.
 */
#define OUTPUTS(X)                                                                                           \
    X(oci, "oci")                                                                                            \
    X(oci_archive, "oci-archive")                                                                            \
    X(docker_archive, "docker-archive")

/* The value of -o: "type=...,dest=...". */
struct output_options {
    const struct output *output;
    char *dest; /* owned; "-" is standard output, for the archives */
    const struct document_annotations
        *annotations; /* of the index and of the image's entry in it; borrowed; NULL: none */
};

struct output {
    const char *type;
    enum compression compression; /* of the layers by default */
    bool takes_compressed;        /* false: layers are always stored uncompressed (docker-archive) */
    bool takes_stdout;            /* dest may be "-" */
    bool takes_annotations;       /* there is an index, and a manifest with annotations */
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

#define OUTPUT_DECLARATION(identifier, type_)                                                                \
    extern const char output_type_##identifier[];                                                            \
    extern const struct output output_##identifier;
OUTPUTS(OUTPUT_DECLARATION)
#undef OUTPUT_DECLARATION

/* DEFINE_OUTPUT(oci, .takes_stdout = false, ...), in the output's file. */
#define DEFINE_OUTPUT(identifier, ...)                                                                       \
    const struct output output_##identifier = {.type = output_type_##identifier, __VA_ARGS__}

/* The types, for people: " oci oci-archive docker-archive". */
#define OUTPUT_TYPE(identifier, type_) " " type_
#define OUTPUT_TYPE_NAMES              OUTPUTS(OUTPUT_TYPE)

/* NULL where there is none of that name. */
const struct output *output_find(const char *type);

/* Parses "type=oci,dest=DIR" (CSV as docker buildx has it: a field in double quotes may hold commas; "dest=-"
 * is standard output for the archives). A word without "=" is a destination of type oci, "-" one of type
 * oci-archive. */
int output_options_parse(const char *text, struct output_options *options, struct error *error);

/* The annotations that index.json gets; borrowed. */
struct oci_annotations output_index_annotations(const struct output_options *options);

void output_options_free(struct output_options *options);
#define cleanup_output_options __attribute__((cleanup(output_options_free)))

#endif
