/* Descriptors, and the documents that they stand in. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/base/memory.h"
#include "formats/oci/descriptor.h"
#include "formats/oci/document.h"
#include "formats/oci/media_types.h"

#define SUM_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void descriptors_go_both_ways(void **state)
{
    (void)state;
    struct descriptor one = {xstrdup(OCI_MEDIA_TYPE_MANIFEST), {SUM_A}, 7};
    struct descriptor two;
    struct error error = {0};
    json_t *json = descriptor_to_json(&one);
    char *text = oci_json_text(json);
    assert_string_equal(text, "{\"mediaType\":\"" OCI_MEDIA_TYPE_MANIFEST "\",\"digest\":\"" SUM_A
                              "\",\"size\":7}");
    assert_int_equal(descriptor_from_json(json, "x", &two, &error), 0);
    assert_string_equal(two.digest.text, SUM_A);
    assert_int_equal(two.size, 7);
    json_decref(json);
    free(text);
    descriptor_free(&one);
    descriptor_free(&two);
}

static void broken_descriptors_are_errors(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "[]",
        "{}",
        "{\"mediaType\":\"a\",\"size\":1}",
        "{\"mediaType\":\"a\",\"digest\":\"sha256:../../x\",\"size\":1}",
        "{\"mediaType\":\"a\",\"digest\":\"" SUM_A "\"}",
        "{\"mediaType\":\"a\",\"digest\":\"" SUM_A "\",\"size\":-1}",
        "{\"mediaType\":\"a\",\"digest\":\"" SUM_A "\",\"size\":\"1\"}",
        "{\"mediaType\":7,\"digest\":\"" SUM_A "\",\"size\":1}",
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct descriptor result;
        struct error error = {0};
        json_t *json = json_loads(broken[i], 0, NULL);
        assert_int_equal(descriptor_from_json(json, "here", &result, &error), -1);
        assert_ptr_equal(strstr(error.message, "here: "), error.message);
        error_clear(&error);
        json_decref(json);
    }
}

static void documents_have_no_double_keys(void **state)
{
    (void)state;
    struct error error = {0};
    assert_null(oci_json_parse("{\"a\":1,\"a\":2}", 13, "x", &error));
    error_clear(&error);
    assert_null(oci_json_parse("[]", 2, "x", &error));
    assert_string_equal(error.message, "x: must be a JSON object");
    error_clear(&error);
}

static void media_types_are_those_of_the_image_specification(void **state)
{
    (void)state;
    assert_string_equal(oci_layer_media_type(COMPRESSION_NONE), "application/vnd.oci.image.layer.v1.tar");
    assert_string_equal(oci_layer_media_type(COMPRESSION_GZIP),
                        "application/vnd.oci.image.layer.v1.tar+gzip");
    assert_string_equal(oci_layer_media_type(COMPRESSION_ZSTD),
                        "application/vnd.oci.image.layer.v1.tar+zstd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_go_both_ways),
        cmocka_unit_test(broken_descriptors_are_errors),
        cmocka_unit_test(documents_have_no_double_keys),
        cmocka_unit_test(media_types_are_those_of_the_image_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
