#include "formats/oci/index.h"

#include <stdbool.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/oci/media_types.h"
#include "formats/oci/reference.h"

json_t *oci_index_new(void)
{
    json_t *index = json_object();
    json_object_set_new(index, "schemaVersion", json_integer(2));
    json_object_set_new(index, "mediaType", json_string(OCI_MEDIA_TYPE_INDEX));
    json_object_set_new(index, "manifests", json_array());
    return index;
}

/* Sets the strings of `from`, if any, in the object's member "annotations". */
static void annotate(json_t *object, const json_t *from)
{
    if (json_object_size(from) == 0)
        return;
    json_t *member = json_object_get(object, "annotations");
    if (!json_is_object(member)) {
        member = json_object();
        json_object_set_new(object, "annotations", member);
    }
    json_object_update(member, (json_t *)from);
}

void oci_index_add(json_t *index, const struct descriptor *manifest, const json_t *platform, const char *tag,
                   const char *image_name, struct oci_annotations extra)
{
    json_t *entry = descriptor_to_json(manifest);
    cleanup_json json_t *names = json_object();
    if (platform != NULL)
        json_object_set_new(entry, "platform", json_deep_copy(platform));
    if (image_name != NULL)
        json_object_set_new(names, OCI_ANNOTATION_IMAGE_NAME, json_string(image_name));
    if (tag != NULL)
        json_object_set_new(names, OCI_ANNOTATION_REF_NAME, json_string(tag));
    annotate(entry, names);
    annotate(entry, extra.entry);
    json_array_append_new(json_object_get(index, "manifests"), entry);
    annotate(index, extra.index);
}

static const char *entry_annotation(const json_t *entry, const char *key)
{
    return json_string_value(json_object_get(json_object_get(entry, "annotations"), key));
}

static bool annotation_is(const json_t *entry, const char *key, const char *value)
{
    const char *text = entry_annotation(entry, key);
    return value == NULL ? text == NULL : text != NULL && strcmp(text, value) == 0;
}

static bool is_replaced(const json_t *entry, const char *tag, const char *image_name)
{
    bool same_tag = annotation_is(entry, OCI_ANNOTATION_REF_NAME, tag);
    bool same_name = annotation_is(entry, OCI_ANNOTATION_IMAGE_NAME, image_name);
    if (tag == NULL && image_name == NULL)
        return same_tag && same_name;
    return (tag != NULL && same_tag) || (image_name != NULL && same_name);
}

void oci_index_remove(json_t *index, const char *tag, const char *image_name)
{
    json_t *manifests = json_object_get(index, "manifests");
    for (size_t i = json_array_size(manifests); i > 0; i--)
        if (is_replaced(json_array_get(manifests, i - 1), tag, image_name))
            json_array_remove(manifests, i - 1);
}

static bool entry_matches(const json_t *entry, const char *ref, const char *full)
{
    const char *tag = entry_annotation(entry, OCI_ANNOTATION_REF_NAME);
    const char *name = entry_annotation(entry, OCI_ANNOTATION_IMAGE_NAME);
    if (tag != NULL && (strcmp(tag, ref) == 0 || (full != NULL && strcmp(tag, full) == 0)))
        return true;
    return name != NULL && (strcmp(name, ref) == 0 || (full != NULL && strcmp(name, full) == 0));
}

static char *list_names(const json_t *manifests)
{
    cleanup_buffer struct buffer names = {0};
    size_t i;
    json_t *entry;
    json_array_foreach (manifests, i, entry) {
        const char *name = entry_annotation(entry, OCI_ANNOTATION_REF_NAME);
        if (name == NULL)
            name = entry_annotation(entry, OCI_ANNOTATION_IMAGE_NAME);
        if (name != NULL && names.length < 1024)
            buffer_format(&names, "%s%s", names.length > 0 ? ", " : "", name);
    }
    if (names.length == 0)
        buffer_add_string(&names, "none has a name");
    return buffer_take(&names);
}

/* One entry, or several names of the same manifest. */
static bool is_one_image(const json_t *manifests)
{
    const json_t *digest = json_object_get(json_array_get(manifests, 0), "digest");
    size_t i;
    json_t *entry;
    json_array_foreach (manifests, i, entry)
        if (i > 0 && !json_equal(digest, json_object_get(entry, "digest")))
            return false;
    return true;
}

int oci_index_find(const json_t *index, const char *ref, const char *where, struct descriptor *manifest,
                   struct error *error)
{
    *manifest = (struct descriptor){0};
    const json_t *manifests = json_object_get(index, "manifests");
    if (!json_is_array(manifests))
        return error_set(error, "%s: no list of manifests", where);
    if (json_array_size(manifests) == 0)
        return error_set(error, "%s: holds no image", where);
    if (ref == NULL && is_one_image(manifests))
        return descriptor_from_json(json_array_get(manifests, 0), where, manifest, error);
    cleanup_free char *names = list_names(manifests);
    if (ref == NULL)
        return error_set(error, "%s: holds %zu images; name one of: %s", where, json_array_size(manifests),
                         names);
    cleanup_error struct error ignored = {0};
    cleanup_free char *full = reference_normalize(ref, &ignored);
    size_t i;
    json_t *entry;
    json_array_foreach (manifests, i, entry)
        if (entry_matches(entry, ref, full))
            return descriptor_from_json(entry, where, manifest, error);
    return error_set(error, "%s: no image \"%s\"; there are: %s", where, ref, names);
}
