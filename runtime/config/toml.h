/*
 * Reading TOML 1.0 (https://toml.io/en/v1.0.0): the format of configuration files that other tools of this
 * field have. Debian has no library for it that C can use.
 *
 * Everything of the format is read but arrays of tables ([[name]]), which are refused. A date is kept as its
 * text, and infinities and NaN are refused.
 */
#ifndef RUNTIME_CONFIG_TOML_H
#define RUNTIME_CONFIG_TOML_H

#include <jansson.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

/* Called for each key with a value that is no table, in the file's order. `key` is the whole of it: the names
 * of its tables, those in braces too, and its own. Both are borrowed. */
typedef int toml_entry(void *data, const struct strings *key, const json_t *value, struct error *error);

/* Reads the text; an error, also one of `entry`, is "NAME:LINE: ...". Stops at the first. */
int toml_read(const char *text, size_t length, const char *name, toml_entry *entry, void *data,
              struct error *error);

#endif
