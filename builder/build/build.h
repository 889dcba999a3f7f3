/*
 * Executing a plan.
 *
 * The stages that the target needs are executed in the order of the spec, each instruction by one handler.
 * Nothing is written for the image before the last of them has succeeded and the contract holds: a bad spec
 * costs no work.
 */
#ifndef BUILDER_BUILD_BUILD_H
#define BUILDER_BUILD_BUILD_H

#include "builder/image/new_image.h"
#include "builder/stage/scope.h"

/*
 * Executes the spec and makes the image, with layers in unnamed temporary files in `blob_directory` and
 * documents in memory; the context's contents must live as long as it. Errors that an instruction is to blame
 * for are located (FILE:LINE).
 */
int build_image(const struct spec *spec, struct context *context, const struct build_options *options,
                int blob_directory, struct new_image *image, struct error *error);

/* The steps of build_image, for those who want to look at the stages. All but `build` is borrowed until
 * build_end. */
void build_begin(struct build *build, const struct spec *spec, struct context *context,
                 const struct build_options *options, int blob_directory);
/* Executes what the target needs and returns the target's stage (borrowed), whose archives are complete and
 * not yet written: the contract is checked before that work. NULL and a located error. */
struct stage *build_stages(struct build *build, struct error *error);
void build_end(struct build *build);
#define cleanup_build __attribute__((cleanup(build_end)))

#endif
