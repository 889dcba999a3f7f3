/* The command line of `urunc-build build`. */
#ifndef BUILDER_COMMANDS_BUILD_OPTIONS_H
#define BUILDER_COMMANDS_BUILD_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "builder/commands/command.h"
#include "builder/output/document_annotations.h"
#include "builder/output/output.h"
#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "formats/oci/platform.h"

struct build_command {
    const char *context;      /* directory */
    const char *file;         /* the spec; NULL: the context's own; "-": standard input */
    const char *target;       /* or NULL */
    const char *iid_file;     /* or NULL */
    const char *guest_init;   /* or NULL */
    struct strings names;     /* full references */
    struct strings arguments; /* "NAME=value" */
    json_t *labels;           /* an object of strings, or NULL */
    struct document_annotations annotations;
    struct platform platform;     /* os NULL: not given */
    struct output_options output; /* complete */
    enum compression compression;
    int64_t time;  /* seconds since 1970 */
    bool has_time; /* by --timestamp or SOURCE_DATE_EPOCH */
    bool quiet;
};

/* Reads the arguments, which it borrows, and SOURCE_DATE_EPOCH. Returns 1 to go on, 0 where --help was
 * answered, -1 for a usage error. */
int build_command_parse(const struct command *command, char *const *argv, struct build_command *build,
                        struct error *error);
void build_command_free(struct build_command *build);
#define cleanup_build_command __attribute__((cleanup(build_command_free)))

#endif
