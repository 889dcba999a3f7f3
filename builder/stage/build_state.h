/* A build in progress, as its instructions see it. */
#ifndef BUILDER_STAGE_BUILD_STATE_H
#define BUILDER_STAGE_BUILD_STATE_H

#include <stdint.h>
#include <stdio.h>

#include "builder/context/context.h"
#include "builder/spec/spec.h"
#include "builder/stage/stage.h"
#include "formats/oci/platform.h"
#include "formats/stream/compress.h"

/* The facts of the command line. All is borrowed. */
struct build_options {
    struct strings arguments;        /* --build-arg: "NAME=value" */
    const char *target;              /* name or number of a stage; NULL: the last */
    const json_t *labels;            /* --label: an object of strings, or NULL */
    const json_t *annotations;       /* --annotation: likewise */
    const struct platform *platform; /* NULL: the kernel's */
    enum compression compression;    /* of the layers */
    int64_t time;                    /* seconds since 1970, of everything */
    bool has_time;                   /* it was given: an ARG SOURCE_DATE_EPOCH of the spec says no other */
    const char *guest_init;          /* NULL: the one inside of this program; "none"; or a file */
    FILE *progress;                  /* a line for each instruction; NULL: nowhere */
    FILE *log;                       /* warnings; NULL: nowhere */
};

/* A build in progress. */
struct build {
    const struct spec *spec;
    const struct build_options *options;
    struct context *context;
    int blob_directory;       /* where unnamed temporary files are best made */
    struct platform target;   /* --platform, or else the host's: the values of TARGETARCH and so on */
    struct strings globals;   /* ARGs before the first FROM that have a value */
    int64_t time;             /* of everything in the image: options->time, or SOURCE_DATE_EPOCH's */
    struct strings undefined; /* variables that the instruction used and nothing set */
    struct stage *stages;     /* as many as the spec has */
    size_t steps;             /* instructions to be executed */
    size_t step;              /* the one that is, counting from 1 */
    size_t current;           /* number of the stage that is executed */
};

#endif
