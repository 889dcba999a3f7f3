/* Sizes as users write them. */
#ifndef BUILDER_INSTRUCTIONS_SIZE_H
#define BUILDER_INSTRUCTIONS_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "formats/base/error.h"

/* Parses "<n>[K|M|G|T]" (powers of 1024; a B or iB behind the letter means the same) or "+<n>...", which sets
 * *is_extra. Bytes; zero and what 63 bits cannot hold are errors. */
int size_parse(const char *text, uint64_t *size, bool *is_extra, struct error *error);

#endif
