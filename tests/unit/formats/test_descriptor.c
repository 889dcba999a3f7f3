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

static void media_types_are_told_apart_oci_s_and_docker_s(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        bool index, manifest, config, layer;
    } cases[] = {
        {OCI_MEDIA_TYPE_INDEX, true, false, false, false},
        {DOCKER_MEDIA_TYPE_LIST, true, false, false, false},
        {OCI_MEDIA_TYPE_MANIFEST, false, true, false, false},
        {DOCKER_MEDIA_TYPE_MANIFEST, false, true, false, false},
        {OCI_MEDIA_TYPE_CONFIG, false, false, true, false},
        {DOCKER_MEDIA_TYPE_CONFIG, false, false, true, false},
        {"application/vnd.oci.image.layer.v1.tar+zstd", false, false, false, true},
        {"application/vnd.docker.image.rootfs.diff.tar.gzip", false, false, false, true},
        {"application/vnd.oci.image.layer.v1.tar+xz", false, false, false, false},
        {"", false, false, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(oci_is_index(cases[i].type), cases[i].index);
        assert_int_equal(oci_is_manifest(cases[i].type), cases[i].manifest);
        assert_int_equal(oci_is_config(cases[i].type), cases[i].config);
        assert_int_equal(oci_is_layer(cases[i].type), cases[i].layer);
    }
}

static void a_document_is_of_one_kind(void **state)
{
    (void)state;
    static const struct {
        const char *text, *type, *message;
    } cases[] = {
        {"{\"manifests\":[]}", OCI_MEDIA_TYPE_INDEX, NULL},
        {"{\"layers\":[],\"mediaType\":\"" OCI_MEDIA_TYPE_MANIFEST "\"}", OCI_MEDIA_TYPE_MANIFEST, NULL},
        {"{\"manifests\":[],\"layers\":[]}", OCI_MEDIA_TYPE_INDEX, "x: an index with the layers"},
        {"{\"manifests\":[],\"config\":{}}", OCI_MEDIA_TYPE_INDEX, "x: an index with the layers"},
        {"{\"manifests\":[],\"layers\":[]}", OCI_MEDIA_TYPE_MANIFEST, "x: a manifest with the manifests"},
        {"{\"mediaType\":\"" OCI_MEDIA_TYPE_INDEX "\"}", OCI_MEDIA_TYPE_MANIFEST, "x: mediaType: must be"},
        {"{\"mediaType\":7}", OCI_MEDIA_TYPE_MANIFEST, "x: mediaType: must be"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        json_t *json = oci_json_parse(cases[i].text, strlen(cases[i].text), "x", &error);
        assert_int_equal(oci_check_kind(json, cases[i].type, "x", &error), cases[i].message != NULL ? -1 : 0);
        if (cases[i].message != NULL)
            assert_memory_equal(error.message, cases[i].message, strlen(cases[i].message));
        json_decref(json);
        error_clear(&error);
    }
}

static void documents_are_objects_of_a_limited_size(void **state)
{
    (void)state;
    struct error error = {0};
    char *large = malloc(OCI_MAX_DOCUMENT + 1);
    memset(large, ' ', OCI_MAX_DOCUMENT + 1);
    memcpy(large, "{}", 2);
    json_t *json = oci_json_parse(large, OCI_MAX_DOCUMENT, "x", &error);
    assert_non_null(json);
    json_decref(json);
    assert_null(oci_json_parse(large, OCI_MAX_DOCUMENT + 1, "x", &error));
    assert_string_equal(error.message, "x: larger than 4194304 bytes");
    free(large);
    assert_null(oci_json_parse("[]", 2, "x", &error));
    assert_string_equal(error.message, "x: must be a JSON object");
    assert_null(oci_json_parse("{", 1, "x", &error));
    assert_memory_equal(error.message, "x:1: ", 5);
    error_clear(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_go_both_ways),
        cmocka_unit_test(broken_descriptors_are_errors),
        cmocka_unit_test(documents_have_no_double_keys),
        cmocka_unit_test(media_types_are_told_apart_oci_s_and_docker_s),
        cmocka_unit_test(a_document_is_of_one_kind),
        cmocka_unit_test(documents_are_objects_of_a_limited_size),
        cmocka_unit_test(media_types_are_those_of_the_image_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
