/* Single annotations laid over an image's set. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "formats/contract/overrides.h"

#define KEY "com.urunc.unikernel."
#define SET                                                                                                  \
    "{\"" KEY "unikernelType\":\"linux\",\"" KEY "hypervisor\":\"qemu\",\"" KEY                              \
    "binary\":\"/boot/kernel\",\"" KEY "block\":\"/boot/disk\"}"

static json_t *parse(const char *text)
{
    json_t *object = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(object);
    return object;
}

static void image_set(struct unikernel *unikernel)
{
    cleanup_json json_t *object = parse(SET);
    cleanup_error struct error error = {0};
    assert_int_equal(unikernel_from_json(object, "image", unikernel, &error), UNIKERNEL_FOUND);
}

static int lay(const char *over, unsigned allowed, struct unikernel *unikernel, struct error *error)
{
    cleanup_json json_t *object = parse(over);
    return unikernel_override(unikernel, object, allowed, "here", error);
}

static void what_is_allowed_replaces_the_images(void **state)
{
    (void)state;
    cleanup_unikernel struct unikernel unikernel = {0};
    cleanup_error struct error error = {0};
    image_set(&unikernel);
    assert_int_equal(lay("{\"" KEY "cmdline\":\"a b\",\"" KEY "blkMntPoint\":\"/data\",\"" KEY
                         "mountRootfs\":\"false\",\"other\":\"x\"}",
                         OVERRIDES_DEFAULT, &unikernel, &error),
                     0);
    assert_string_equal(unikernel.cmdline, "a b");
    assert_string_equal(unikernel.block_mount_point, "/data");
    assert_false(unikernel.mount_rootfs);
    assert_false(unikernel.older_tools);
    assert_string_equal(unikernel.binary, "/boot/kernel");
    assert_string_equal(unikernel.block, "/boot/disk");
}

static void what_is_not_allowed_is_refused_by_name(void **state)
{
    (void)state;
    static const char *const keys[] = {"binary", "block", "initrd", "hypervisor", "unikernelType"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        cleanup_unikernel struct unikernel unikernel = {0};
        cleanup_error struct error error = {0};
        cleanup_free char *over = xasprintf("{\"" KEY "%s\":\"/other\"}", keys[i]);
        cleanup_free char *message =
            xasprintf("here: " KEY "%s: differs from the image's, and \"overrides\" in "
                      "urunc's configuration does not allow it",
                      keys[i]);
        image_set(&unikernel);
        assert_int_equal(lay(over, OVERRIDES_DEFAULT, &unikernel, &error), -1);
        assert_string_equal(error.message, message);
        assert_string_equal(unikernel.binary, "/boot/kernel");
    }
}

static void the_images_own_value_needs_no_leave(void **state)
{
    (void)state;
    cleanup_unikernel struct unikernel unikernel = {0};
    cleanup_error struct error error = {0};
    image_set(&unikernel);
    assert_int_equal(lay("{\"" KEY "binary\":\"/boot/kernel\"}", 0, &unikernel, &error), 0);
}

static void what_the_operator_allows_is_no_less_checked(void **state)
{
    (void)state;
    cleanup_unikernel struct unikernel unikernel = {0};
    cleanup_error struct error error = {0};
    image_set(&unikernel);
    assert_int_equal(lay("{\"" KEY "hypervisor\":\"hvt\"}", 1U << ANNOTATION_HYPERVISOR, &unikernel, &error),
                     -1);
    assert_non_null(strstr(error.message, "here: linux does not run on hvt"));
    assert_int_equal(lay("{\"" KEY "binary\":\"../kernel\"}", 1U << ANNOTATION_BINARY, &unikernel, &error),
                     -1);
    assert_non_null(strstr(error.message, "here: " KEY "binary: \"../kernel\": must be an absolute path"));
    assert_int_equal(lay("{\"" KEY "cmdline\":7}", OVERRIDES_DEFAULT, &unikernel, &error), -1);
    assert_string_equal(error.message, "here: " KEY "cmdline: must be a string");
    assert_int_equal(unikernel.hypervisor, HYPERVISOR_QEMU);
}

static void a_set_is_partial_where_a_required_key_is_missing(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool partial;
        bool only_override;
    } cases[] = {
        {"{}", false, true},
        {"{\"other\":\"x\"}", false, true},
        {SET, false, false},
        {"{\"" KEY "cmdline\":\"x\"}", true, true},
        {"{\"" KEY "cmdline\":\"x\",\"" KEY "binary\":\"/k\"}", true, false},
        {"{\"" KEY "cmdline\":\"\"}", false, true},
        {"{\"" KEY "cmdline\":null}", false, true},
        {"{\"" KEY "useDMBlock\":\"false\"}", false, true}, /* Go's urunc adds it to every container */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_json json_t *object = parse(cases[i].text);
        assert_int_equal(annotations_are_partial(object), cases[i].partial);
        assert_int_equal(annotations_only_override(object, OVERRIDES_DEFAULT), cases[i].only_override);
    }
    assert_false(annotations_are_partial(NULL));
}

static void names_of_keys_are_read(void **state)
{
    (void)state;
    unsigned allowed = 0;
    cleanup_error struct error error = {0};
    cleanup_json json_t *names = parse("[\"cmdline\",\"initrd\"]");
    assert_int_equal(overrides_from_json(names, &allowed, &error), 0);
    assert_int_equal(allowed, 1U << ANNOTATION_CMDLINE | 1U << ANNOTATION_INITRD);
    cleanup_json json_t *none = parse("[]");
    assert_int_equal(overrides_from_json(none, &allowed, &error), 0);
    assert_int_equal(allowed, 0);
}

static void other_names_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"\"cmdline\"", "not an array of strings"},
        {"[7]", "not an array of strings"},
        {"[\"cmdLine\"]", "\"cmdLine\": must be one of: unikernelType, hypervisor, binary, cmdline, "},
        {"[\"useDMBlock\"]", "\"useDMBlock\": must be one of: "},
        {"[\"" KEY "cmdline\"]", "\"" KEY "cmdline\": must be one of: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned allowed = 0;
        cleanup_error struct error error = {0};
        cleanup_json json_t *names = parse(cases[i].text);
        assert_int_equal(overrides_from_json(names, &allowed, &error), -1);
        assert_ptr_equal(strstr(error.message, cases[i].message), error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_allowed_replaces_the_images),
        cmocka_unit_test(what_is_not_allowed_is_refused_by_name),
        cmocka_unit_test(the_images_own_value_needs_no_leave),
        cmocka_unit_test(what_the_operator_allows_is_no_less_checked),
        cmocka_unit_test(a_set_is_partial_where_a_required_key_is_missing),
        cmocka_unit_test(names_of_keys_are_read),
        cmocka_unit_test(other_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
