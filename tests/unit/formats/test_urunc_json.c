/* /urunc.json in a rootfs that is not trusted. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/contract/urunc_json.h"

static const struct unikernel sample = {
    .framework = FRAMEWORK_UNIKRAFT,
    .hypervisor = HYPERVISOR_QEMU,
    .binary = (char *)"/unikernel/kernel",
    .cmdline = (char *)"nginx -c \"x\"\n",
    .older_tools = false,
};

static void expect(const struct temporary *rootfs, enum unikernel_found expected, const char *message)
{
    struct unikernel unikernel;
    struct error error = {0};
    assert_int_equal(urunc_json_read(rootfs->fd, &unikernel, &error), expected);
    if (message != NULL)
        assert_non_null(strstr(error.message, message));
    else
        assert_false(error_is_set(&error));
    unikernel_free(&unikernel);
    error_clear(&error);
}

static void what_is_written_is_base64_a_key_a_line(void **state)
{
    (void)state;
    char *text = urunc_json_write(&sample);
    assert_string_equal(text, "{\n"
                              "  \"com.urunc.unikernel.unikernelType\": \"dW5pa3JhZnQ=\",\n"
                              "  \"com.urunc.unikernel.hypervisor\": \"cWVtdQ==\",\n"
                              "  \"com.urunc.unikernel.binary\": \"L3VuaWtlcm5lbC9rZXJuZWw=\",\n"
                              "  \"com.urunc.unikernel.cmdline\": \"bmdpbnggLWMgIngiCg==\",\n"
                              "  \"com.urunc.unikernel.mountRootfs\": \"ZmFsc2U=\"\n"
                              "}\n");
    free(text);
}

static void what_is_written_is_read_again(void **state)
{
    char *text = urunc_json_write(&sample);
    temporary_write_text(*state, "urunc.json", text);
    free(text);
    struct unikernel unikernel;
    struct error error = {0};
    struct temporary *rootfs = *state;
    assert_int_equal(urunc_json_read(rootfs->fd, &unikernel, &error), UNIKERNEL_FOUND);
    assert_string_equal(unikernel.cmdline, sample.cmdline);
    assert_string_equal(unikernel.binary, sample.binary);
    unikernel_free(&unikernel);
}

static void a_missing_file_is_no_error(void **state)
{
    expect(*state, UNIKERNEL_ABSENT, NULL);
}

static void a_file_that_is_no_json_is_an_error(void **state)
{
    temporary_write_text(*state, "urunc.json", "{\n\"a\": \n");
    expect(*state, UNIKERNEL_FAILED, "/urunc.json:");
    temporary_write_text(*state, "urunc.json", "[]");
    expect(*state, UNIKERNEL_FAILED, "/urunc.json: must be a JSON object");
    temporary_write_text(*state, "urunc.json", "");
    expect(*state, UNIKERNEL_FAILED, "/urunc.json:");
}

static void a_key_that_comes_twice_is_an_error(void **state)
{
    temporary_write_text(*state, "urunc.json",
                         "{\"com.urunc.unikernel.binary\":\"/a\",\"com.urunc.unikernel.binary\":\"/b\"}");
    expect(*state, UNIKERNEL_FAILED, "duplicate");
}

static void a_file_of_more_than_1_mib_is_an_error(void **state)
{
    static char text[(1 << 20) + 1];
    memset(text, ' ', sizeof text);
    memcpy(text, "{}", 2);
    temporary_write(*state, "urunc.json", text, 1 << 20);
    expect(*state, UNIKERNEL_ABSENT, NULL);
    temporary_write(*state, "urunc.json", text, sizeof text);
    expect(*state, UNIKERNEL_FAILED, "larger than 1048576 bytes");
}

static void a_symlink_stays_inside_of_the_rootfs(void **state)
{
    struct temporary *rootfs = *state;
    assert_int_equal(symlinkat("/etc/hostname", rootfs->fd, "urunc.json"), 0);
    expect(rootfs, UNIKERNEL_ABSENT, NULL);
    assert_int_equal(mkdirat(rootfs->fd, "etc", 0755), 0);
    temporary_write_text(rootfs, "etc/hostname", "{}");
    expect(rootfs, UNIKERNEL_ABSENT, NULL);
    temporary_write_text(rootfs, "etc/hostname", "wrong");
    expect(rootfs, UNIKERNEL_FAILED, "/urunc.json");
}

static void what_is_no_file_is_an_error(void **state)
{
    struct temporary *rootfs = *state;
    assert_int_equal(mkfifoat(rootfs->fd, "urunc.json", 0644), 0);
    expect(rootfs, UNIKERNEL_FAILED, "not a regular file");
    assert_int_equal(unlinkat(rootfs->fd, "urunc.json", 0), 0);
    assert_int_equal(mkdirat(rootfs->fd, "urunc.json", 0755), 0);
    expect(rootfs, UNIKERNEL_FAILED, "not a regular file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_base64_a_key_a_line),
        with_temporary(what_is_written_is_read_again),
        with_temporary(a_missing_file_is_no_error),
        with_temporary(a_file_that_is_no_json_is_an_error),
        with_temporary(a_key_that_comes_twice_is_an_error),
        with_temporary(a_file_of_more_than_1_mib_is_an_error),
        with_temporary(a_symlink_stays_inside_of_the_rootfs),
        with_temporary(what_is_no_file_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
