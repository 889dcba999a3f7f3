/* Reading, checking and writing a set of annotations; base64. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/contract/unikernel.h"
#include "formats/stream/base64.h"

#define KEY "com.urunc.unikernel."

static enum unikernel_found read_set(const char *json, struct unikernel *unikernel, struct error *error)
{
    json_t *object = json_loads(json, JSON_ALLOW_NUL, NULL);
    assert_non_null(object);
    enum unikernel_found found = unikernel_from_json(object, "here", unikernel, error);
    json_decref(object);
    return found;
}

static void expect_found(const char *json, struct unikernel *unikernel)
{
    struct error error = {0};
    assert_int_equal(read_set(json, unikernel, &error), UNIKERNEL_FOUND);
    assert_false(error_is_set(&error));
}

/* The message begins so; lists of known names may grow. */
static void expect_error(const char *json, const char *message)
{
    struct unikernel unikernel;
    struct error error = {0};
    assert_int_equal(read_set(json, &unikernel, &error), UNIKERNEL_FAILED);
    assert_ptr_equal(strstr(error.message, message), error.message);
    assert_null(unikernel.binary);
    error_clear(&error);
}

static void expect_absent(const char *json)
{
    struct unikernel unikernel;
    struct error error = {0};
    assert_int_equal(read_set(json, &unikernel, &error), UNIKERNEL_ABSENT);
    assert_false(error_is_set(&error));
}

static void a_plain_set_is_read(void **state)
{
    (void)state;
    struct unikernel unikernel;
    expect_found("{\"" KEY "unikernelType\":\"linux\",\"" KEY "hypervisor\":\"qemu\",\"" KEY
                 "binary\":\"/boot/kernel\",\"" KEY "cmdline\":\"a b\",\"other\":7}",
                 &unikernel);
    assert_int_equal(unikernel.framework, FRAMEWORK_LINUX);
    assert_int_equal(unikernel.hypervisor, HYPERVISOR_QEMU);
    assert_string_equal(unikernel.binary, "/boot/kernel");
    assert_string_equal(unikernel.cmdline, "a b");
    assert_null(unikernel.initrd);
    unikernel_free(&unikernel);
}

/* "linux", "qemu", "/boot/kernel" and "a b". */
#define ENCODED                                                                                              \
    "{\"" KEY "unikernelType\":\"bGludXg=\",\"" KEY "hypervisor\":\"cWVtdQ==\",\"" KEY                       \
    "binary\":\"L2Jvb3Qva2VybmVs\",\"" KEY "cmdline\":\"YSBi\"}"

static void a_base64_set_is_read(void **state)
{
    (void)state;
    struct unikernel unikernel;
    expect_found(ENCODED, &unikernel);
    assert_int_equal(unikernel.framework, FRAMEWORK_LINUX);
    assert_string_equal(unikernel.binary, "/boot/kernel");
    assert_string_equal(unikernel.cmdline, "a b");
    unikernel_free(&unikernel);
}

static void a_plain_set_is_not_decoded_where_a_value_could_be(void **state)
{
    (void)state;
    struct unikernel unikernel;
    expect_found("{\"" KEY "unikernelType\":\"linux\",\"" KEY "hypervisor\":\"qemu\",\"" KEY
                 "binary\":\"/boot/kernel\",\"" KEY "cmdline\":\"YSBi\"}",
                 &unikernel);
    assert_string_equal(unikernel.cmdline, "YSBi");
    unikernel_free(&unikernel);
}

static void a_set_is_never_half_base64(void **state)
{
    (void)state;
    expect_error(
        "{\"" KEY "unikernelType\":\"linux\",\"" KEY "hypervisor\":\"cWVtdQ==\",\"" KEY
        "binary\":\"/boot/kernel\"}",
        "here: com.urunc.unikernel.hypervisor: \"cWVtdQ==\": must be a known hypervisor: qemu, firecracker, "
        "cloud-hypervisor");
}

static void a_decoded_nul_is_no_text(void **state)
{
    (void)state;
    /* "/boot/a" NUL "b" */
    struct unikernel unikernel;
    struct error error = {0};
    assert_int_equal(read_set("{\"" KEY "unikernelType\":\"bGludXg=\",\"" KEY
                              "hypervisor\":\"cWVtdQ==\",\"" KEY "binary\":\"L2Jvb3QvYQBi\"}",
                              &unikernel, &error),
                     UNIKERNEL_FAILED);
    error_clear(&error);
}

static void decoded_bytes_that_are_not_utf8_are_no_text(void **state)
{
    (void)state;
    /* "/boot/" 0xff */
    struct unikernel unikernel;
    struct error error = {0};
    assert_int_equal(read_set("{\"" KEY "unikernelType\":\"bGludXg=\",\"" KEY
                              "hypervisor\":\"cWVtdQ==\",\"" KEY "binary\":\"L2Jvb3Qva2VybmVs\",\"" KEY
                              "cmdline\":\"L2Jvb3Qv/w==\"}",
                              &unikernel, &error),
                     UNIKERNEL_FAILED);
    error_clear(&error);
}

static void a_plain_nul_is_refused(void **state)
{
    (void)state;
    expect_error("{\"" KEY "unikernelType\":\"linux\",\"" KEY "hypervisor\":\"qemu\",\"" KEY
                 "binary\":\"/boot\\u0000/kernel\"}",
                 "here: com.urunc.unikernel.binary: must not hold a NUL character");
}

static void values_are_strings(void **state)
{
    (void)state;
    expect_error("{\"" KEY "mountRootfs\":true}", "here: com.urunc.unikernel.mountRootfs: must be a string");
}

static void no_key_is_no_unikernel(void **state)
{
    (void)state;
    expect_absent("{}");
    expect_absent("{\"a\":\"b\",\"com.urunc.unikernel.other\":\"x\"}");
    expect_absent("{\"" KEY "binary\":\"\",\"" KEY "unikernelType\":\"\"}");
}

static void go_urunc_adds_usedmblock_to_everything(void **state)
{
    (void)state;
    expect_absent("{\"" KEY "useDMBlock\":\"\"}");
    expect_absent("{\"" KEY "useDMBlock\":\"false\"}");
}

static void a_required_key_is_missed(void **state)
{
    (void)state;
    expect_error("{\"" KEY "unikernelType\":\"linux\",\"" KEY "binary\":\"/k\",\"" KEY "hypervisor\":\"\"}",
                 "here: com.urunc.unikernel.hypervisor: missing");
}

static void the_path_error_is_the_one_of_the_plain_reading(void **state)
{
    (void)state;
    expect_error("{\"" KEY "unikernelType\":\"linux\",\"" KEY "hypervisor\":\"qemu\",\"" KEY
                 "binary\":\"../x\"}",
                 "here: com.urunc.unikernel.binary: \"../x\": must be an absolute path");
}

static void a_framework_needs_a_hypervisor_that_it_runs_on(void **state)
{
    (void)state;
    expect_error("{\"" KEY "unikernelType\":\"rumprun\",\"" KEY "hypervisor\":\"qemu\",\"" KEY
                 "binary\":\"/k\"}",
                 "here: rumprun does not run on qemu; it runs on: hvt, spt");
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    static const char set[] =
        "{\"" KEY "unikernelType\":\"mirage\",\"" KEY "hypervisor\":\"hvt\",\"" KEY "binary\":\"/k\",\"" KEY
        "mountRootfs\":\"true\",\"" KEY "solo5NetDev\":\"service\",\"" KEY "solo5BlkDev\":\"storage\"}";
    struct unikernel unikernel;
    expect_found(set, &unikernel);
    assert_string_equal(unikernel.solo5_net_device, "service");
    assert_string_equal(unikernel.solo5_block_device, "storage");
    json_t *object = unikernel_to_json(&unikernel);
    char *text = json_dumps(object, JSON_COMPACT);
    assert_string_equal(text, set);
    free(text);
    json_decref(object);
    unikernel_free(&unikernel);
}

#define WITH(more)                                                                                           \
    "{\"" KEY "unikernelType\":\"linux\",\"" KEY "hypervisor\":\"qemu\",\"" KEY "binary\":\"/k\"," more "}"

static void expect_mount_rootfs(const char *json, bool mounts, const char *written)
{
    struct unikernel unikernel;
    expect_found(json, &unikernel);
    assert_int_equal(unikernel.mount_rootfs, mounts);
    json_t *object = unikernel_to_json(&unikernel);
    const char *value = json_string_value(json_object_get(object, KEY "mountRootfs"));
    assert_non_null(value);
    assert_string_equal(value, written);
    assert_null(json_object_get(object, KEY "useDMBlock"));
    json_decref(object);
    unikernel_free(&unikernel);
}

static void the_newer_name_of_mountrootfs_decides_and_is_written(void **state)
{
    (void)state;
    expect_mount_rootfs(WITH("\"x\":\"\""), false, "false"); /* readers that know no default want it */
    expect_mount_rootfs(WITH("\"" KEY "useDMBlock\":\"true\""), true, "true");
    expect_mount_rootfs(WITH("\"" KEY "useDMBlock\":\"true\",\"" KEY "mountRootfs\":\"false\""), false,
                        "false");
    expect_mount_rootfs(WITH("\"" KEY "useDMBlock\":\"false\",\"" KEY "mountRootfs\":\"1\""), true, "true");
    expect_mount_rootfs(WITH("\"" KEY "useDMBlock\":\"1\",\"" KEY "mountRootfs\":\"\""), true, "true");
}

static bool keeps_rootfs(const char *framework, const char *hypervisor, const char *more)
{
    char json[512];
    (void)snprintf(json, sizeof json,
                   "{\"" KEY "unikernelType\":\"%s\",\"" KEY "hypervisor\":\"%s\",\"" KEY
                   "binary\":\"/k\",\"" KEY "mountRootfs\":\"true\"%s}",
                   framework, hypervisor, more);
    struct unikernel unikernel;
    expect_found(json, &unikernel);
    unikernel_forgo_rootfs(&unikernel);
    bool keeps = unikernel.mount_rootfs;
    unikernel_free(&unikernel);
    return keeps;
}

static void the_rootfs_is_forgone_where_the_guest_can_do_without(void **state)
{
    (void)state;
    assert_false(keeps_rootfs("mirage", "spt", ""));
    assert_false(keeps_rootfs("mewz", "qemu", ""));
    assert_false(keeps_rootfs("unikraft", "firecracker", ""));
    assert_false(keeps_rootfs("linux", "qemu", ",\"" KEY "block\":\"/disk\""));
    assert_false(keeps_rootfs("linux", "qemu", ",\"" KEY "initrd\":\"/initrd\""));
}

static void the_rootfs_stays_wanted_where_it_is_used_or_the_only_root(void **state)
{
    (void)state;
    assert_true(keeps_rootfs("unikraft", "qemu", ""));
    assert_true(keeps_rootfs("linux", "qemu", ""));
}

static void expect_older_tools(const char *json, bool older)
{
    struct unikernel unikernel;
    expect_found(json, &unikernel);
    assert_int_equal(unikernel.older_tools, older);
    json_t *object = unikernel_to_json(&unikernel);
    struct unikernel again;
    struct error error = {0};
    assert_int_equal(unikernel_from_json(object, "again", &again, &error), UNIKERNEL_FOUND);
    assert_int_equal(again.older_tools, older);
    json_decref(object);
    unikernel_free(&unikernel);
    unikernel_free(&again);
}

/* bima and pun; kraftkit; bunny. */
static void older_tools_wrote_a_cmdline_and_no_mountrootfs(void **state)
{
    (void)state;
    expect_older_tools(WITH("\"" KEY "cmdline\":\"app -c x\""), true);
    expect_older_tools(WITH("\"" KEY "cmdline\":\"app\",\"" KEY "useDMBlock\":\"false\""), true);
    expect_older_tools(WITH("\"x\":\"\""), false);
    expect_older_tools(WITH("\"" KEY "cmdline\":\"-c x\",\"" KEY "mountRootfs\":\"false\""), false);
}

static void base64_goes_both_ways(void **state)
{
    (void)state;
    /* RFC 4648, section 10 */
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char *encoded = base64_encode(vectors[i][0], strlen(vectors[i][0]));
        assert_string_equal(encoded, vectors[i][1]);
        size_t length;
        char *decoded = base64_decode(encoded, &length);
        assert_int_equal(length, strlen(vectors[i][0]));
        assert_memory_equal(decoded, vectors[i][0], length + 1);
        free(encoded);
        free(decoded);
    }
}

static void base64_is_strict(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "Zg",   "Zg=",      "Zg===", "Zh==", "Zm9=",  " Zg==", "Zg==\n", "Zg==Zg==", "Z===",
        "====", "Zm9v====", "Zm-v",  "Zm_v", "Zm9vY", "=Zg=",  "Zg=v",   "Zm 9v",    "\xc3\xa4\xc3\xa4"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        size_t length;
        assert_null(base64_decode(wrong[i], &length));
    }
}

static void base64_takes_every_byte(void **state)
{
    (void)state;
    unsigned char bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    char *encoded = base64_encode(bytes, sizeof bytes);
    size_t length;
    char *decoded = base64_decode(encoded, &length);
    assert_int_equal(length, sizeof bytes);
    assert_memory_equal(decoded, bytes, sizeof bytes);
    free(encoded);
    free(decoded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_set_is_read),
        cmocka_unit_test(a_base64_set_is_read),
        cmocka_unit_test(a_plain_set_is_not_decoded_where_a_value_could_be),
        cmocka_unit_test(a_set_is_never_half_base64),
        cmocka_unit_test(a_decoded_nul_is_no_text),
        cmocka_unit_test(decoded_bytes_that_are_not_utf8_are_no_text),
        cmocka_unit_test(a_plain_nul_is_refused),
        cmocka_unit_test(values_are_strings),
        cmocka_unit_test(no_key_is_no_unikernel),
        cmocka_unit_test(go_urunc_adds_usedmblock_to_everything),
        cmocka_unit_test(a_required_key_is_missed),
        cmocka_unit_test(the_path_error_is_the_one_of_the_plain_reading),
        cmocka_unit_test(a_framework_needs_a_hypervisor_that_it_runs_on),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(the_newer_name_of_mountrootfs_decides_and_is_written),
        cmocka_unit_test(the_rootfs_is_forgone_where_the_guest_can_do_without),
        cmocka_unit_test(the_rootfs_stays_wanted_where_it_is_used_or_the_only_root),
        cmocka_unit_test(older_tools_wrote_a_cmdline_and_no_mountrootfs),
        cmocka_unit_test(base64_goes_both_ways),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(base64_takes_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
