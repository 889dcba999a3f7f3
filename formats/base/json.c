/* Typed access to JSON that comes from outside. */
#include "formats/base/json.h"

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
    if (json_typeof(value) != type)
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
