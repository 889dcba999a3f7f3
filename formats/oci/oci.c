/* OCI documents: descriptors, index entries, JSON as it is stored. */
#include "formats/oci/oci.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/contract/annotations.h"
#include "formats/oci/reference.h"

void descriptor_free(struct descriptor *descriptor)
{
    free(descriptor->media_type);
    *descriptor = (struct descriptor){0};
}

json_t *descriptor_to_json(const struct descriptor *descriptor)
{
    json_t *json = json_object();
    json_object_set_new(json, "mediaType", json_string(descriptor->media_type));
    json_object_set_new(json, "digest", json_string(descriptor->digest.text));
    json_object_set_new(json, "size", json_integer((json_int_t)descriptor->size));
    return json;
}

int descriptor_from_json(const json_t *json, const char *where, struct descriptor *descriptor,
                         struct error *error)
{
    *descriptor = (struct descriptor){0};
    const char *media_type = json_string_value(json_object_get(json, "mediaType"));
    const char *digest = json_string_value(json_object_get(json, "digest"));
    const json_t *size = json_object_get(json, "size");
    if (media_type == NULL)
        return error_set(error, "%s: descriptor without a media type", where);
    if (digest == NULL || !digest_is_valid(digest)) {
        cleanup_free char *quoted = annotation_quote(digest != NULL ? digest : "");
        return error_set(error, "%s: digest %s: must be sha256: and 64 hexadecimal digits", where, quoted);
    }
    if (!json_is_integer(size) || json_integer_value(size) < 0)
        return error_set(error, "%s: descriptor of %s without a size", where, digest);
    descriptor->media_type = xstrdup(media_type);
    memcpy(descriptor->digest.text, digest, DIGEST_TEXT_SIZE);
    descriptor->size = (uint64_t)json_integer_value(size);
    return 0;
}

bool oci_is_index(const char *media_type)
{
    return strcmp(media_type, OCI_MEDIA_TYPE_INDEX) == 0 || strcmp(media_type, DOCKER_MEDIA_TYPE_LIST) == 0;
}

bool oci_is_manifest(const char *media_type)
{
    return strcmp(media_type, OCI_MEDIA_TYPE_MANIFEST) == 0 ||
           strcmp(media_type, DOCKER_MEDIA_TYPE_MANIFEST) == 0;
}

bool oci_is_config(const char *media_type)
{
    return strcmp(media_type, OCI_MEDIA_TYPE_CONFIG) == 0 ||
           strcmp(media_type, DOCKER_MEDIA_TYPE_CONFIG) == 0;
}

bool oci_is_layer(const char *media_type)
{
    static const char *const types[] = {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
    };
    static const char *const compressions[] = {"", "+gzip", "+zstd", ".gzip", ".zstd"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t length = strlen(types[i]);
        if (strncmp(media_type, types[i], length) != 0)
            continue;
        for (size_t k = 0; k < sizeof compressions / sizeof *compressions; k++)
            if (strcmp(media_type + length, compressions[k]) == 0)
                return true;
    }
    return false;
}

int oci_check_kind(const json_t *document, const char *media_type, const char *where, struct error *error)
{
    const json_t *own = json_object_get(document, "mediaType");
    bool is_index = oci_is_index(media_type);
    if (own != NULL && (!json_is_string(own) || strcmp(json_string_value(own), media_type) != 0))
        return error_set(error, "%s: mediaType: must be the descriptor's, %s", where, media_type);
    if (is_index ? json_object_get(document, "layers") != NULL || json_object_get(document, "config") != NULL
                 : json_object_get(document, "manifests") != NULL)
        return error_set(error, "%s: %s", where,
                         is_index ? "an index with the layers or the config of a manifest"
                                  : "a manifest with the manifests of an index");
    return 0;
}

char *oci_json_text(const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    if (text == NULL)
        abort(); /* out of memory: everything in our documents can be dumped */
    return text;
}

json_t *oci_json_parse(const void *bytes, size_t length, const char *where, struct error *error)
{
    if (length > OCI_MAX_DOCUMENT) {
        error_set(error, "%s: larger than %d bytes", where, OCI_MAX_DOCUMENT);
        return NULL;
    }
    json_error_t position;
    cleanup_json json_t *json = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &position);
    if (json == NULL) {
        error_set(error, "%s:%d: %s", where, position.line, position.text);
        return NULL;
    }
    if (!json_is_object(json)) {
        error_set(error, "%s: must be a JSON object", where);
        return NULL;
    }
    return take_pointer(json);
}

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
