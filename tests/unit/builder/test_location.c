/* FILE:LINE before an error's message. */
#include "builder/spec/location.h"

#include "tests/unit/fixtures/temporary.h"

static void an_inner_location_stays(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    error_set(&error, "wrong");
    assert_false(error_is_located(&error));
    assert_int_equal(error_locate(&error, ".dockerignore", 3), -1);
    assert_true(error_is_located(&error));
    assert_int_equal(error_locate(&error, "Containerfile", 7), -1);
    assert_string_equal(error.message, ".dockerignore:3: wrong");
}

static void an_error_of_the_command_line_has_none(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    error_set(&error, "wrong");
    assert_int_equal(error_locate(&error, "Containerfile", 0), -1);
    assert_false(error_is_located(&error));
    assert_string_equal(error.message, "wrong");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_inner_location_stays),
        cmocka_unit_test(an_error_of_the_command_line_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
