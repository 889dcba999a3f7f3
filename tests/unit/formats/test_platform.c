/* Platforms: parsing, comparing, writing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "formats/base/cleanup.h"
#include "formats/oci/platform.h"

static void platforms_are_os_and_architecture(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",        "/",    "linux", "linux/",     "/amd64",
                                        "a/b/c/d", "a/b/", "a b/c", "linux/am\nd"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cleanup_error struct error error = {0};
        cleanup_platform struct platform platform = {0};
        if (platform_parse(wrong[i], &platform, &error) == 0)
            fail_msg("\"%s\" was taken", wrong[i]);
        assert_non_null(strstr(error.message, "is not a platform; write os/architecture"));
    }
}

static void other_names_of_an_architecture_become_gos(void **state)
{
    (void)state;
    static const char *const texts[][2] = {{"linux/x86_64", "linux/amd64"},
                                           {"linux/aarch64/v8", "linux/arm64/v8"},
                                           {"linux/riscv64", "linux/riscv64"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cleanup_error struct error error = {0};
        cleanup_platform struct platform platform = {0};
        assert_int_equal(platform_parse(texts[i][0], &platform, &error), 0);
        cleanup_free char *text = platform_text(&platform);
        assert_string_equal(text, texts[i][1]);
    }
}

static int check(const char *text, struct error *error)
{
    cleanup_platform struct platform platform = {0};
    assert_int_equal(platform_parse(text, &platform, error), 0);
    return platform_check(&platform, error);
}

static void platforms_that_can_be_are_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "linux/amd64",      "linux/x86_64", "linux/amd64/v3", "linux/arm64", "linux/arm64/v8",
        "linux/arm64/v8.2", "linux/arm/v7", "linux/riscv64",  "linux/s390x", "linux/mips/softfloat"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cleanup_error struct error error = {0};
        if (check(good[i], &error) < 0)
            fail_msg("%s: %s", good[i], error.message);
    }
}

static void platforms_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"lniux/amd65", "unknown operating system \"lniux\"; did you mean \"linux\"?"},
        {"linux/amd65", "unknown architecture \"amd65\"; did you mean \"amd64\"?"},
        {"linux/z80", "unknown architecture \"z80\""},
        {"plan9000/amd64", "unknown operating system \"plan9000\""},
        {"windows/amd64", "a unikernel image is for linux, not for windows; write linux/amd64"},
        {"darwin/arm64", "not for darwin"},
        {"linux/amd64/v8", "amd64 has no variant \"v8\""},
        {"linux/arm64/v7", "arm64 has no variant \"v7\""},
        {"linux/arm64/v8.x", "arm64 has no variant"},
        {"linux/arm/v7.1", "arm has no variant"},
        {"linux/amd64/v", "amd64 has no variant"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cleanup_error struct error error = {0};
        assert_int_equal(check(wrong[i][0], &error), -1);
        if (strstr(error.message, wrong[i][1]) == NULL)
            fail_msg("%s: %s", wrong[i][0], error.message);
    }
    cleanup_error struct error error = {0};
    cleanup_platform struct platform platform = {0};
    assert_int_equal(platform_parse("linux/amd64,linux/arm64", &platform, &error), -1);
    assert_non_null(strstr(error.message, "one platform at a time"));
}

static bool matches(const char *wanted_text, const char *offered_text)
{
    cleanup_error struct error error = {0};
    cleanup_platform struct platform wanted = {0}, offered = {0};
    assert_int_equal(platform_parse(wanted_text, &wanted, &error), 0);
    assert_int_equal(platform_parse(offered_text, &offered, &error), 0);
    return platform_matches(&wanted, &offered);
}

static void a_platform_without_a_variant_asks_for_any(void **state)
{
    (void)state;
    assert_true(matches("linux/arm64", "linux/arm64"));
    assert_true(matches("linux/arm64", "linux/arm64/v8"));
    assert_true(matches("linux/arm64/v8", "linux/arm64/v8"));
    assert_false(matches("linux/arm64/v8", "linux/arm64"));
    assert_false(matches("linux/arm/v7", "linux/arm/v6"));
    assert_false(matches("linux/arm", "linux/arm64"));
    assert_false(matches("linux/amd64", "windows/amd64"));
}

static void an_index_may_leave_out_what_it_likes(void **state)
{
    (void)state;
    cleanup_json json_t *whole =
        json_pack("{s:s, s:s, s:s}", "os", "linux", "architecture", "arm64", "variant", "v8");
    cleanup_platform struct platform platform = {0}, nothing = {0};
    platform_from_json(whole, &platform);
    cleanup_free char *text = platform_text(&platform);
    assert_string_equal(text, "linux/arm64/v8");
    platform_from_json(NULL, &nothing);
    assert_string_equal(nothing.os, "");
    assert_string_equal(nothing.architecture, "");
    assert_null(nothing.variant);
}

static void a_copy_is_its_own(void **state)
{
    (void)state;
    cleanup_platform struct platform host = {0}, copy = {0};
    platform_host(&host);
    platform_copy(&copy, &host);
    assert_string_equal(copy.architecture, platform_host_architecture());
    assert_ptr_not_equal(copy.os, host.os);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(platforms_are_os_and_architecture),
        cmocka_unit_test(other_names_of_an_architecture_become_gos),
        cmocka_unit_test(platforms_that_can_be_are_taken),
        cmocka_unit_test(platforms_that_cannot_be_are_refused),
        cmocka_unit_test(a_platform_without_a_variant_asks_for_any),
        cmocka_unit_test(an_index_may_leave_out_what_it_likes),
        cmocka_unit_test(a_copy_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
