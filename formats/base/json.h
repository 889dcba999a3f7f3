/*
 * Typed access to JSON that comes from outside.
 *
 * `where` is what stands before the key in an error: "config.json: process." gives "config.json: process.cwd:
 * not a string". A key that is absent or null leaves the output as it is and is not an error, unless the name
 * says `require`.
 */
#ifndef FORMATS_BASE_JSON_H
#define FORMATS_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

/*
 * Parses a document that comes from outside; owned by the caller. NULL and an error "NAME:LINE: ..." where it
 * is not JSON, or where an object has a key twice, which programs read differently.
 *
 * Integers beyond 64 bits with a sign are kept exactly, and only read_uint64 reads them: the specification
 * has unsigned ones, which jansson by itself refuses with the whole document.
 */
json_t *parse_json(const char *text, size_t length, const char *name, struct error *error);

/* Borrowed from `parent`. */
int read_object(const json_t *parent, const char *where, const char *key, const json_t **out,
                struct error *error);
int read_array(const json_t *parent, const char *where, const char *key, const json_t **out,
               struct error *error);
int read_string(const json_t *parent, const char *where, const char *key, const char **out,
                struct error *error);
int require_string(const json_t *parent, const char *where, const char *key, const char **out,
                   struct error *error);

int read_bool(const json_t *parent, const char *where, const char *key, bool *out, struct error *error);
/* Returns 1 where the key is there, 0 where not. */
int read_integer(const json_t *parent, const char *where, const char *key, int64_t minimum, int64_t maximum,
                 int64_t *out, struct error *error);
int read_uint64(const json_t *parent, const char *where, const char *key, uint64_t *out, struct error *error);
int read_uint32(const json_t *parent, const char *where, const char *key, uint32_t *out, struct error *error);
/* Adds copies of an array's strings. */
int read_strings(const json_t *parent, const char *where, const char *key, struct strings *out,
                 struct error *error);

#endif
