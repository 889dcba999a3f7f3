/*
 * Executing a plan.
 *
 * The stages that the target needs are executed in the order of the spec, each instruction by one handler.
 * Nothing is written for the image before the last of them has succeeded and the contract holds: a bad spec
 * costs no work.
 */
#ifndef BUILDER_BUILD_BUILD_H
#define BUILDER_BUILD_BUILD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "builder/build/stage.h"
#include "builder/context/context.h"
#include "builder/image/new_image.h"
#include "builder/spec/expand.h"
#include "builder/spec/spec.h"
#include "formats/oci/platform.h"
#include "formats/stream/compress.h"

/* What the command line says. All is borrowed. */
struct build_options {
    struct strings arguments;        /* --build-arg: "NAME=value" */
    const char *target;              /* name or number of a stage; NULL: the last */
    const json_t *labels;            /* --label: an object of strings, or NULL */
    const json_t *annotations;       /* --annotation: likewise */
    const struct platform *platform; /* NULL: the kernel's */
    enum compression compression;    /* of the layers */
    int64_t time;                    /* seconds since 1970, of everything */
    const char *guest_init;          /* NULL: the one inside of this program; "none"; or a file */
    FILE *progress;                  /* a line for each instruction; NULL: nowhere */
    FILE *log;                       /* warnings; NULL: nowhere */
};

/* A build in progress. */
struct build {
    const struct spec *spec;
    const struct build_options *options;
    struct context *context;
    int blob_directory;     /* where unnamed temporary files are best made */
    struct platform target; /* --platform, or else the host's: the values of TARGETARCH and so on */
    struct strings globals; /* ARGs before the first FROM that have a value */
    struct stage *stages;   /* as many as the spec has */
    size_t steps;           /* instructions to be executed */
    size_t step;            /* the one that is, counting from 1 */
    size_t current;         /* number of the stage that is executed */
};

/*
 * Executes the spec and makes the image, with layers in unnamed temporary files in `blob_directory` and
 * documents in memory; the context's contents must live as long as it. Errors that an instruction is to blame
 * for are placed (FILE:LINE).
 */
int build_image(const struct spec *spec, struct context *context, const struct build_options *options,
                int blob_directory, struct new_image *image, struct error *error);

/* The steps of build_image, for those who want to look at the stages. All but `build` is borrowed until
 * build_end. */
void build_begin(struct build *build, const struct spec *spec, struct context *context,
                 const struct build_options *options, int blob_directory);
/* Executes what the target needs and returns the target's stage (borrowed), whose archives are complete and
 * not yet written: the contract is checked before that work. NULL and a placed error. */
struct stage *build_stages(struct build *build, struct error *error);
void build_end(struct build *build);
#define cleanup_build __attribute__((cleanup(build_end)))

/* ---- for the handlers of instructions ---- */

typedef int instruction_handler(struct build *build, struct stage *stage,
                                const struct instruction *instruction, struct error *error);

instruction_handler execute_arg, execute_block, execute_cmd, execute_copy, execute_entrypoint, execute_env,
    execute_expose, execute_initrd, execute_kernel, execute_label, execute_maintainer, execute_monitor,
    execute_stopsignal, execute_unikernel, execute_user, execute_volume, execute_workdir;

/* Prints "FILE:LINE: warning: ..." (without the place for line 0). */
void build_warn(const struct build *build, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Expands a word with the stage's environment and arguments. NULL and an error; else owned by the caller. */
char *build_expand(const struct build *build, const struct stage *stage, const char *word,
                   struct error *error);

/* The scope of that expansion; borrows both. */
struct expand_scope build_scope(const struct build *build, const struct stage *stage);

/* A flag, expanded: *value is NULL where it is not given. Owned by the caller. */
int build_flag(const struct build *build, const struct stage *stage, const struct instruction *instruction,
               const char *name, char **value, struct error *error);

/* Where the instruction's files come from: --from, or the build context. Borrowed from `space` or the build.
 * NULL and an error. */
struct files *build_files(struct build *build, const struct instruction *instruction,
                          struct tree_files *space, struct error *error);

/* Makes the path absolute with the stage's working directory. Owned by the caller. */
char *stage_absolute_path(const struct stage *stage, const char *path);

#endif
