/* A finished image on its way to an output: documents and layer blobs, none of them named on disk yet. */
#ifndef BUILDER_IMAGE_NEW_IMAGE_H
#define BUILDER_IMAGE_NEW_IMAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/archive/layer.h"
#include "formats/base/buffer.h"
#include "formats/base/file.h"
#include "formats/oci/descriptor.h"

struct new_layer {
    struct tempfile
        blob; /* written and readable, not committed; TEMPFILE_NONE where the layout has the blob */
    struct descriptor descriptor;
    struct digest diff_id;
};

struct new_image {
    char *manifest; /* the JSON text as it is stored; owned */
    struct descriptor manifest_descriptor;
    char *config; /* likewise */
    struct descriptor config_descriptor;
    json_t *platform;         /* {"architecture","os",...} for the index */
    struct new_layer *layers; /* lowest first */
    size_t layer_count;
};

void new_image_free(struct new_image *image);
#define cleanup_new_image __attribute__((cleanup(new_image_free)))

/* Adds a layer whose blob was written: takes the file over (leaving TEMPFILE_NONE behind), copies the rest.
 * The media type follows from the compression. */
void new_image_add_layer(struct new_image *image, struct tempfile *blob, enum compression compression,
                         const struct layer_result *result);

/* One line of `history` (image-spec, config.md): entries without empty_layer correspond to layers, in order.
 */
struct image_history {
    char *created_by; /* owned; the instruction as the user wrote it */
    char *comment;    /* owned, or NULL */
    bool empty_layer;
};

/* The facts of an image config (image-spec, config.md). A zeroed struct is a valid start; everything in it is
 * owned by it. Absent things are left out of the document. */
struct image_config {
    char *architecture;        /* GOARCH: "amd64"; required */
    char *os;                  /* GOOS; NULL means "linux" */
    char *variant;             /* "v8", or NULL */
    char *author;              /* or NULL */
    int64_t created;           /* seconds since 1970; of the image and of each history entry */
    char *user;                /* "user", "uid", "user:group", or NULL */
    char *working_dir;         /* absolute, or NULL */
    char *stop_signal;         /* "SIGTERM", or NULL */
    struct strings env;        /* "K=V", in the order of definition */
    struct strings entrypoint; /* empty: absent */
    struct strings cmd;        /* empty: absent */
    struct strings ports;      /* "80/tcp"; duplicates are written once */
    struct strings volumes;    /* "/data"; likewise */
    json_t *labels;            /* an object of strings, or NULL */
    struct image_history *history;
    size_t history_count;
};

void image_config_free(struct image_config *config);
#define cleanup_image_config __attribute__((cleanup(image_config_free)))

/* Copies the texts. `comment` may be NULL. */
void image_config_add_history(struct image_config *config, const char *created_by, const char *comment,
                              bool empty_layer);

/*
 * Makes the documents from image->layers and the config: fills config, config_descriptor, manifest,
 * manifest_descriptor and platform, releasing what stood there. `annotations` (the manifest's, an object of
 * strings; NULL or empty: none) is borrowed. Labels, annotations, ports and volumes are written sorted by key
 * whatever their order was, so the bytes depend on the facts only.
 * Errors: no architecture; history that contradicts the number of layers (an empty history is fine); a time
 * that RFC 3339 cannot hold (years 0 to 9999); a label or annotation that is not a string.
 */
int new_image_assemble(struct new_image *image, const struct image_config *config, const json_t *annotations,
                       struct error *error);

/* "2024-01-02T03:04:05Z" for a time in seconds since 1970, UTC (RFC 3339). Owned; NULL for a year outside
 * 0..9999. */
char *image_rfc3339(int64_t seconds);

#endif
