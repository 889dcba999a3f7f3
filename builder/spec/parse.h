/* From a text to the plan of an image, whatever format the text is in. */
#ifndef BUILDER_SPEC_PARSE_H
#define BUILDER_SPEC_PARSE_H

#include "builder/spec/spec.h"

/*
 * Reads a spec from its text. Which format it is in is told by its content. `file` stands in messages. Errors
 * are located (FILE:LINE).
 */
int spec_parse(struct spec *spec, const char *file, const char *text, size_t length, struct error *error);

#endif
