#include "formats/oci/descriptor.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"

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
        cleanup_free char *quoted = text_quote(digest != NULL ? digest : "");
        return error_set(error, "%s: digest %s: must be sha256: and 64 hexadecimal digits", where, quoted);
    }
    if (!json_is_integer(size) || json_integer_value(size) < 0)
        return error_set(error, "%s: descriptor of %s without a size", where, digest);
    descriptor->media_type = xstrdup(media_type);
    memcpy(descriptor->digest.text, digest, DIGEST_TEXT_SIZE);
    descriptor->size = (uint64_t)json_integer_value(size);
    return 0;
}
