/* The Containerfile language (docs/urunc-containerfile.5): logical lines become instructions, instructions
 * become stages. */
#ifndef BUILDER_SPEC_CONTAINERFILE_H
#define BUILDER_SPEC_CONTAINERFILE_H

#include "builder/spec/spec.h"

/* Fills a spec whose `file` is set, from a text without NUL. Errors are located. */
int containerfile_parse(struct spec *spec, const char *text, size_t length, struct error *error);

#endif
