/* The table of annotations and its validators. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/contract/annotations.h"
#include "formats/contract/unikernel.h"

static void check(const char *key, const char *value, const char *expected)
{
    char full[64];
    snprintf(full, sizeof full, "%s%s", ANNOTATION_PREFIX, key);
    const struct annotation *annotation = annotation_find(full);
    assert_non_null(annotation);
    struct error error = {0};
    int result = annotation_check(annotation, value, &error);
    if (expected == NULL) {
        assert_int_equal(result, 0);
        assert_false(error_is_set(&error));
        return;
    }
    assert_int_equal(result, -1);
    assert_non_null(strstr(error.message, expected));
    error_clear(&error);
}

static void each_key_of_the_contract_is_found(void **state)
{
    (void)state;
    static const char *const keys[] = {"unikernelType",    "hypervisor", "binary",      "cmdline",
                                       "unikernelVersion", "initrd",     "block",       "blkMntPoint",
                                       "mountRootfs",      "useDMBlock", "solo5NetDev", "solo5BlkDev"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char full[64];
        snprintf(full, sizeof full, "com.urunc.unikernel.%s", keys[i]);
        assert_non_null(annotation_find(full));
        assert_false(annotation_is_unknown(full));
    }
}

static void other_keys_are_not_found(void **state)
{
    (void)state;
    assert_null(annotation_find("binary"));
    assert_null(annotation_find("com.urunc.unikernel.Binary"));
    assert_null(annotation_find("com.urunc.unikernel."));
    assert_true(annotation_is_unknown("com.urunc.unikernel.Binary"));
    assert_false(annotation_is_unknown("org.opencontainers.image.title"));
}

static void an_error_names_key_and_value(void **state)
{
    (void)state;
    check("binary", "x", "com.urunc.unikernel.binary: \"x\": must be an absolute path");
}

static void paths_of_files_are_checked(void **state)
{
    (void)state;
    check("binary", "/boot/kernel", NULL);
    check("initrd", "/a b/\xc3\xa4", NULL);
    check("block", "/..x/x..", NULL);
    check("binary", "../x", "must be an absolute path");
    check("binary", "/a/../x", "without \"..\"");
    check("binary", "/..", "without \"..\"");
    check("binary", "/a\nb", "without control characters");
    check("binary", "/a\x7f", "without control characters");
    check("binary", "/", "path of a file");
    check("binary", "/a/", "path of a file");
    check("binary", "//./", "path of a file");
}

static void paths_have_at_most_4096_bytes(void **state)
{
    (void)state;
    char path[4098];
    memset(path, 'a', sizeof path);
    path[0] = '/';
    path[4097] = '\0';
    check("binary", path, "at most 4096 bytes");
    path[4096] = '\0';
    check("binary", path, NULL);
}

static void the_mount_point_may_be_the_root(void **state)
{
    (void)state;
    check("blkMntPoint", "/", NULL);
    check("blkMntPoint", "/data/", NULL);
    check("blkMntPoint", "data", "must be an absolute path");
    check("blkMntPoint", "/data/../etc", "without \"..\"");
}

static void frameworks_and_hypervisors_are_known_words(void **state)
{
    (void)state;
    check("unikernelType", "unikraft", NULL);
    check("unikernelType", "Unikraft", "must be a known framework: unikraft, mirage");
    check("hypervisor", "cloud-hypervisor", NULL);
    check("hypervisor", "kvm", "must be a known hypervisor: qemu, firecracker, cloud-hypervisor");
}

static void booleans_are_what_go_takes(void **state)
{
    (void)state;
    check("mountRootfs", "true", NULL);
    check("useDMBlock", "False", NULL);
    check("mountRootfs", "yes", "must be true or false");
    assert_int_equal(annotation_boolean("t"), 1);
    assert_int_equal(annotation_boolean("0"), 0);
    assert_int_equal(annotation_boolean("tRUE"), -1);
    assert_int_equal(annotation_boolean(""), -1);
}

static void device_names_are_letters_and_digits(void **state)
{
    (void)state;
    check("solo5NetDev", "service0", NULL);
    check("solo5BlkDev", "a-b", "1 to 67 letters and digits");
    check("solo5BlkDev", "a=@3", "1 to 67 letters and digits");
    check("solo5NetDev", "\xc3\xa4", "1 to 67 letters and digits");
    char name[69];
    memset(name, 'a', sizeof name);
    name[68] = '\0';
    check("solo5NetDev", name, "1 to 67 letters and digits");
    name[67] = '\0';
    check("solo5NetDev", name, NULL);
}

static void a_command_line_is_any_text(void **state)
{
    (void)state;
    check("cmdline", "-monitor stdio\n--config-file x", NULL);
    check("unikernelVersion", "0.17.0 (custom)", NULL);
    check("unikernelVersion", "1\n2", "must not hold control characters");
}

static void long_values_are_cut_in_messages(void **state)
{
    (void)state;
    char value[2001];
    memset(value, 'y', sizeof value - 1);
    value[2000] = '\0';
    struct error error = {0};
    assert_int_equal(annotation_check(annotation_find("com.urunc.unikernel.binary"), value, &error), -1);
    assert_true(strlen(error.message) < 200);
    assert_non_null(strstr(error.message, "...\" (2000 bytes)"));
    error_clear(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_of_the_contract_is_found),
        cmocka_unit_test(other_keys_are_not_found),
        cmocka_unit_test(an_error_names_key_and_value),
        cmocka_unit_test(paths_of_files_are_checked),
        cmocka_unit_test(paths_have_at_most_4096_bytes),
        cmocka_unit_test(the_mount_point_may_be_the_root),
        cmocka_unit_test(frameworks_and_hypervisors_are_known_words),
        cmocka_unit_test(booleans_are_what_go_takes),
        cmocka_unit_test(device_names_are_letters_and_digits),
        cmocka_unit_test(a_command_line_is_any_text),
        cmocka_unit_test(long_values_are_cut_in_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
