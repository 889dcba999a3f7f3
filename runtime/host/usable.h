/* The members `usable` and `problem` of what `urunc check` describes. */
#ifndef RUNTIME_HOST_USABLE_H
#define RUNTIME_HOST_USABLE_H

#include <jansson.h>

#include "formats/base/error.h"

static inline void set_usable(json_t *object, const struct error *problem)
{
    json_object_set_new(object, "usable", json_boolean(!error_is_set(problem)));
    if (error_is_set(problem))
        json_object_set_new(object, "problem", json_string(problem->message));
}

#endif
