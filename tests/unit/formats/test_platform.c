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
        cmocka_unit_test(a_platform_without_a_variant_asks_for_any),
        cmocka_unit_test(an_index_may_leave_out_what_it_likes),
        cmocka_unit_test(a_copy_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
