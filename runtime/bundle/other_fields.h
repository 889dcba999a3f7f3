/* Fields of config.json that change nothing for a monitor: they are checked all the same, or refused where
 * ignoring them would deny what they ask for. docs/runtime-spec.md lists them with the reasons. */
#ifndef RUNTIME_BUNDLE_OTHER_FIELDS_H
#define RUNTIME_BUNDLE_OTHER_FIELDS_H

#include <jansson.h>

#include "formats/base/error.h"

int other_fields_check(const json_t *config, const char *file, struct error *error);

#endif
