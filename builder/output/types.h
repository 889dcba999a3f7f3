/* The entries of the table of outputs. */
#ifndef BUILDER_OUTPUT_TYPES_H
#define BUILDER_OUTPUT_TYPES_H

#include "builder/output/output.h"

extern const struct output output_oci;
extern const struct output output_oci_archive;
extern const struct output output_docker_archive;

#endif
