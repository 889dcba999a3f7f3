#include "formats/contract/overrides.h"

#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "formats/contract/pairs.h"

/* The keys that have a value; of the older names none. */
static unsigned keys_of(const json_t *object)
{
    unsigned keys = 0;
    for (size_t i = 0; i < ANNOTATION_COUNT; i++) {
        const json_t *value = json_object_get(object, annotations[i].key);
        bool absent =
            value == NULL || json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
        if (!absent && annotations[i].written)
            keys |= 1U << i;
    }
    return keys;
}

bool annotations_are_partial(const json_t *object)
{
    unsigned keys = keys_of(object);
    for (size_t i = 0; i < ANNOTATION_COUNT; i++)
        if (keys != 0 && annotations[i].required && !(keys & (1U << i)))
            return true;
    return false;
}

bool annotations_only_override(const json_t *object, unsigned allowed)
{
    return (keys_of(object) & ~allowed) == 0;
}

static const struct annotation *find_by_name(const char *name)
{
    cleanup_free char *key = xasprintf(ANNOTATION_PREFIX "%s", name);
    const struct annotation *annotation = annotation_find(key);
    return annotation != NULL && annotation->written ? annotation : NULL;
}

static int unknown_name(const char *name, struct error *error)
{
    cleanup_buffer struct buffer known = {0};
    for (size_t i = 0; i < ANNOTATION_COUNT; i++)
        if (annotations[i].written)
            buffer_format(&known, "%s%s", known.length > 0 ? ", " : "",
                          annotations[i].key + strlen(ANNOTATION_PREFIX));
    cleanup_free char *quoted = text_quote(name);
    return error_set(error, "%s: must be one of: %s", quoted, known.data);
}

int overrides_from_json(const json_t *names, unsigned *allowed, struct error *error)
{
    if (!json_is_array(names))
        return error_set(error, "not an array of strings");
    *allowed = 0;
    size_t i;
    json_t *name;
    json_array_foreach (names, i, name) {
        if (!json_is_string(name))
            return error_set(error, "not an array of strings");
        const struct annotation *annotation = find_by_name(json_string_value(name));
        if (annotation == NULL)
            return unknown_name(json_string_value(name), error);
        *allowed |= 1U << (annotation - annotations);
    }
    return 0;
}

json_t *overrides_to_json(unsigned allowed)
{
    json_t *names = json_array();
    for (size_t i = 0; i < ANNOTATION_COUNT; i++)
        if (allowed & (1U << i))
            json_array_append_new(names, json_string(annotations[i].key + strlen(ANNOTATION_PREFIX)));
    return names;
}

static int lay_over(struct annotation_set *base, const struct annotation_set *over, unsigned allowed,
                    struct error *error)
{
    for (size_t i = 0; i < ANNOTATION_COUNT; i++) {
        const char *value = over->values[i];
        if (value == NULL || !annotations[i].written)
            continue;
        if (base->values[i] != NULL && strcmp(base->values[i], value) == 0)
            continue;
        if (!(allowed & (1U << i)))
            return error_set(error,
                             "%s: differs from the image's, and \"overrides\" in urunc's configuration "
                             "does not allow it",
                             annotations[i].key);
        annotation_set_value(base, &annotations[i], value);
    }
    return 0;
}

int unikernel_override(struct unikernel *unikernel, const json_t *object, unsigned allowed, const char *where,
                       struct error *error)
{
    cleanup_json json_t *own = unikernel_to_json(unikernel);
    cleanup_annotation_set struct annotation_set base = {0};
    cleanup_annotation_set struct annotation_set over = {0};
    cleanup_unikernel struct unikernel merged = {0};
    if (annotation_set_collect(&base, own, error) < 0 || annotation_set_collect(&over, object, error) < 0 ||
        lay_over(&base, &over, allowed, error) < 0 || unikernel_from_set(&base, &merged, error) < 0 ||
        pair_check((struct pair){merged.framework, merged.hypervisor}, error) < 0)
        return error_prefix(error, "%s", where);
    merged.older_tools = unikernel->older_tools; /* who made the image stays the same */
    unikernel_free(unikernel);
    *unikernel = take(merged, (struct unikernel){0});
    return 0;
}
