/* OCI documents: descriptors and indexes of images that nobody meant well with. */
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/oci/descriptor.h"
#include "formats/oci/document.h"
#include "formats/oci/index.h"
#include "formats/oci/reference.h"
#include "tests/fuzz/fuzz.h"

/* A descriptor that was taken is written as it was read. */
static void check_descriptor(const json_t *json)
{
    struct error error = {0};
    struct descriptor descriptor, again;
    if (descriptor_from_json(json, "document", &descriptor, &error) == 0) {
        cleanup_json json_t *written = descriptor_to_json(&descriptor);
        CHECK(descriptor_from_json(written, "document", &again, &error) == 0);
        CHECK(again.size == descriptor.size && strcmp(again.digest.text, descriptor.digest.text) == 0);
        descriptor_free(&again);
    }
    descriptor_free(&descriptor);
    error_clear(&error);
}

static void check_find(const json_t *index, const char *ref)
{
    struct error error = {0};
    struct descriptor descriptor;
    int result = oci_index_find(index, ref, "index.json", &descriptor, &error);
    CHECK((result == 0) == (error.message == NULL));
    descriptor_free(&descriptor);
    error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    cleanup_json json_t *json = oci_json_parse(data, size, "document", &error);
    CHECK((json != NULL) == (error.message == NULL));
    error_clear(&error);
    if (json == NULL)
        return 0;
    size_t i;
    const json_t *layer;
    check_descriptor(json);
    check_descriptor(json_object_get(json, "config"));
    json_array_foreach (json_object_get(json, "layers"), i, layer)
        check_descriptor(layer);
    check_find(json, NULL);
    check_find(json, "web:1");
    const char *name = json_string_value(json_object_get(json, "name"));
    if (name != NULL) { /* names are completed, and what comes of that is a name */
        cleanup_free char *full = reference_normalize(name, &error);
        cleanup_free char *twice = full != NULL ? reference_normalize(full, &error) : NULL;
        CHECK(full == NULL || (twice != NULL && strcmp(full, twice) == 0));
        check_find(json, name);
        error_clear(&error);
    }
    cleanup_free char *text = oci_json_text(json);
    CHECK(*text == '{');
    return 0;
}
