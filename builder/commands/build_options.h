/* The command line of `urunc-build build`. */
#ifndef BUILDER_COMMANDS_BUILD_OPTIONS_H
#define BUILDER_COMMANDS_BUILD_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "builder/output/output.h"
#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "formats/oci/platform.h"

struct build_command {
    bool help;
    const char *context;      /* directory */
    const char *file;         /* the spec; NULL: the context's own; "-": standard input */
    const char *target;       /* or NULL */
    const char *iid_file;     /* or NULL */
    const char *guest_init;   /* or NULL */
    struct strings names;     /* full references */
    struct strings arguments; /* "NAME=value" */
    json_t *labels;           /* objects of strings */
    json_t *annotations;
    struct platform platform;     /* os NULL: not given */
    struct output_options output; /* complete */
    enum compression compression;
    int64_t time;  /* seconds since 1970 */
    bool has_time; /* by --timestamp or SOURCE_DATE_EPOCH */
    bool quiet;
};

/* Reads the arguments, which it borrows, and SOURCE_DATE_EPOCH. */
int build_command_parse(int argc, char **argv, struct build_command *command, struct error *error);
void build_command_free(struct build_command *command);
#define cleanup_build_command __attribute__((cleanup(build_command_free)))

void build_command_usage(void); /* to standard output */

#endif
