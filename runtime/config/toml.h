/*
 * Reading TOML 1.0 (https://toml.io/en/v1.0.0): the format of configuration files that other tools of this
 * field have. Debian has no library for it that C can use.
 *
 * All of it is read, but what the values of JSON cannot say: infinities and NaN, a NUL, and empty names are
 * refused. A date is kept as its text.
 */
#ifndef RUNTIME_CONFIG_TOML_H
#define RUNTIME_CONFIG_TOML_H

#include <jansson.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

/* Called for each key with a value that is no table, in the file's order. `key` is the whole of it: the names
 * of its tables, those in braces too, and its own. The last name of a header [[NAME]] is "NAME[]". Both are
 * borrowed. */
typedef int toml_entry(void *data, const struct strings *key, const json_t *value, struct error *error);

/* Reads the text; an error, also one of `entry`, is "NAME:LINE: ...". Stops at the first. */
int toml_read(const char *text, size_t length, const char *name, toml_entry *entry, void *data,
              struct error *error);

#endif
