#include "formats/base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"

/* ---- integers that jansson cannot hold ---- */

/*
 * Such an integer becomes the object {"": "\u0000DIGITS"}. No document can say that: a NUL in a string is
 * refused, by jansson as long as nothing is rewritten, and then here.
 */
static const char wide_start[] = "{\"\":\"\\u0000", wide_end[] = "\"}";

/* The digits of an integer that is kept this way, or NULL. */
static const char *wide_integer(const json_t *value)
{
    const json_t *digits = json_object_get(value, "");
    if (!json_is_string(digits) || json_string_length(digits) < 2 || *json_string_value(digits) != '\0')
        return NULL;
    return json_string_value(digits) + 1;
}

static bool is_wide(const char *number, size_t length)
{
    size_t sign = *number == '-' ? 1 : 0;
    if (number[sign] == '0' || sign + strspn(number + sign, "0123456789") != length)
        return false;
    errno = 0;
    strtoll(number, NULL, 10);
    return errno == ERANGE;
}

/* The length of the string literal at `text`, up to `end`; 0 where it has a NUL or no end. */
static size_t string_length(const char *text, const char *end)
{
    for (const char *c = text + 1; c < end; c++) {
        if (*c == '"')
            return (size_t)(c - text) + 1;
        if (*c != '\\')
            continue;
        c++;
        if (end - c >= 5 && memcmp(c, "u0000", 5) == 0)
            return 0;
    }
    return 0;
}

/* The document with its wide integers rewritten; -1 where a string in it is not one. */
static int rewrite(const char *text, size_t length, struct buffer *out)
{
    const char *end = text + length;
    for (const char *c = text; c < end;) {
        size_t token = 1;
        if (*c == '"') {
            token = string_length(c, end);
            if (token == 0)
                return -1;
        } else if (strchr("-0123456789", *c) != NULL && *c != '\0') {
            token = strspn(c, "-+.0123456789eE");
        }
        bool wide = *c != '"' && is_wide(c, token);
        buffer_add_string(out, wide ? wide_start : "");
        buffer_add(out, c, token);
        buffer_add_string(out, wide ? wide_end : "");
        c += token;
    }
    return 0;
}

json_t *parse_json(const char *text, size_t length, const char *name, struct error *error)
{
    json_error_t at;
    json_t *document = json_loadb(text, length, JSON_REJECT_DUPLICATES, &at);
    if (document == NULL && json_error_code(&at) == json_error_numeric_overflow) {
        cleanup_buffer struct buffer source = {0}, rewritten = {0};
        buffer_add(&source, text, length); /* ends with a NUL, which a number at its end needs */
        if (rewrite(source.data, length, &rewritten) < 0)
            return error_set(error, "%s: a string with a NUL character, or without an end", name), NULL;
        document = json_loadb(rewritten.data, rewritten.length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &at);
    }
    if (document == NULL)
        error_set(error, "%s:%d: %s", name, at.line, at.text);
    else if (wide_integer(document) != NULL)
        error_set(error, "%s:1: a number and not an object", name), json_decref(take_pointer(document));
    return document;
}

/* ---- typed access ---- */

static const char *type_name(json_type type)
{
    switch (type) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "a whole number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    default:
        return "what it must be";
    }
}

static int read_typed(const json_t *parent, const char *where, const char *key, json_type type,
                      const json_t **out, struct error *error)
{
    const json_t *value = json_object_get(parent, key);
    if (value == NULL || json_is_null(value))
        return 0;
    const char *wide = wide_integer(value);
    if (wide != NULL && type == JSON_INTEGER)
        return error_set(error, "%s%s: %s is out of range", where, key, wide);
    if (json_typeof(value) != type || wide != NULL)
        return error_set(error, "%s%s: not %s", where, key, type_name(type));
    *out = value;
    return 0;
}

int read_object(const json_t *parent, const char *where, const char *key, const json_t **out,
                struct error *error)
{
    return read_typed(parent, where, key, JSON_OBJECT, out, error);
}

int read_array(const json_t *parent, const char *where, const char *key, const json_t **out,
               struct error *error)
{
    return read_typed(parent, where, key, JSON_ARRAY, out, error);
}

int read_string(const json_t *parent, const char *where, const char *key, const char **out,
                struct error *error)
{
    const json_t *value = NULL;
    if (read_typed(parent, where, key, JSON_STRING, &value, error) < 0)
        return -1;
    if (value != NULL)
        *out = json_string_value(value);
    return 0;
}

int require_string(const json_t *parent, const char *where, const char *key, const char **out,
                   struct error *error)
{
    *out = NULL;
    if (read_string(parent, where, key, out, error) < 0)
        return -1;
    if (*out == NULL || **out == '\0')
        return error_set(error, "%s%s: missing", where, key);
    return 0;
}

int read_bool(const json_t *parent, const char *where, const char *key, bool *out, struct error *error)
{
    const json_t *value = json_object_get(parent, key);
    if (value == NULL || json_is_null(value))
        return 0;
    if (!json_is_boolean(value))
        return error_set(error, "%s%s: not true or false", where, key);
    *out = json_is_true(value);
    return 0;
}

int read_integer(const json_t *parent, const char *where, const char *key, int64_t minimum, int64_t maximum,
                 int64_t *out, struct error *error)
{
    const json_t *value = NULL;
    if (read_typed(parent, where, key, JSON_INTEGER, &value, error) < 0)
        return -1;
    if (value == NULL)
        return 0;
    int64_t number = json_integer_value(value);
    if (number < minimum || number > maximum)
        return error_set(error, "%s%s: %lld is out of range", where, key, (long long)number);
    *out = number;
    return 1;
}

int read_uint64(const json_t *parent, const char *where, const char *key, uint64_t *out, struct error *error)
{
    const char *wide = wide_integer(json_object_get(parent, key));
    int64_t number = 0;
    if (wide == NULL) {
        int found = read_integer(parent, where, key, 0, INT64_MAX, &number, error);
        if (found > 0)
            *out = (uint64_t)number;
        return found;
    }
    errno = 0;
    unsigned long long value = strtoull(wide, NULL, 10);
    if (errno == ERANGE || *wide == '-')
        return error_set(error, "%s%s: %s is out of range", where, key, wide);
    *out = value;
    return 1;
}

int read_uint32(const json_t *parent, const char *where, const char *key, uint32_t *out, struct error *error)
{
    int64_t number = 0;
    int found = read_integer(parent, where, key, 0, UINT32_MAX, &number, error);
    if (found > 0)
        *out = (uint32_t)number;
    return found;
}

int read_strings(const json_t *parent, const char *where, const char *key, struct strings *out,
                 struct error *error)
{
    const json_t *array = NULL;
    if (read_array(parent, where, key, &array, error) < 0)
        return -1;
    size_t index;
    json_t *item;
    json_array_foreach (array, index, item) {
        if (!json_is_string(item))
            return error_set(error, "%s%s[%zu]: not a string", where, key, index);
        strings_add(out, json_string_value(item));
    }
    return 0;
}
