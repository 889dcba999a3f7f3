/* The time of everything in an image, as options and SOURCE_DATE_EPOCH say it. */
#ifndef BUILDER_STAGE_EPOCH_H
#define BUILDER_STAGE_EPOCH_H

#include <stdint.h>

#include "formats/base/error.h"

/* Parses seconds since 1970 (reproducible-builds.org, SOURCE_DATE_EPOCH), up to the year 9999. */
int epoch_parse(const char *text, int64_t *time, struct error *error);

#endif
