#include "formats/oci/document.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/oci/media_types.h"

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
