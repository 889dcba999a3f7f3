/* One failure on its way to the user. */
#include "tests/unit/fixtures/temporary.h"

#include <errno.h>

#include "formats/base/error.h"

static void a_message_is_set_and_minus_one_returned(void **state)
{
    (void)state;
    struct error error = {0};
    assert_false(error_is_set(&error));
    assert_int_equal(error_set(&error, "%s: %d", "x", 7), -1);
    assert_true(error_is_set(&error));
    assert_string_equal(error.message, "x: 7");
    assert_int_equal(error.number, 0);
    error_clear(&error);
    assert_false(error_is_set(&error));
}

static void an_errno_brings_its_text_and_number(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(error_errno(&error, ENOENT, "%s", "a"), -1);
    assert_string_equal(error.message, "a: No such file or directory");
    assert_int_equal(error.number, ENOENT);
    error_clear(&error);
    assert_int_equal(error.number, 0);
}

static void a_prefix_keeps_message_and_number(void **state)
{
    (void)state;
    struct error error = {0};
    error_errno(&error, EACCES, "b");
    assert_int_equal(error_prefix(&error, "%s:%d", "a", 1), -1);
    assert_string_equal(error.message, "a:1: b: Permission denied");
    assert_int_equal(error.number, EACCES);
    error_clear(&error);
}

static void a_new_message_replaces_the_old(void **state)
{
    (void)state;
    struct error error = {0};
    error_errno(&error, EACCES, "b");
    error_set(&error, "c");
    assert_string_equal(error.message, "c");
    assert_int_equal(error.number, 0);
    error_clear(&error);
}

static void control_characters_cannot_break_the_line(void **state)
{
    (void)state;
    struct error error = {0};
    error_set(&error, "%s", "a\nb\x1b[31m\x7f\xc3\xa4");
    assert_string_equal(error.message, "a\\x0ab\\x1b[31m\\x7f\xc3\xa4");
    error_prefix(&error, "%s", "x\ry");
    assert_string_equal(error.message, "x\\x0dy: a\\x0ab\\x1b[31m\\x7f\xc3\xa4");
    error_clear(&error);
}

static void a_message_may_hold_its_own_old_text(void **state)
{
    (void)state;
    struct error error = {0};
    error_set(&error, "inner");
    error_set(&error, "outer: %s", error.message);
    assert_string_equal(error.message, "outer: inner");
    error_clear(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_set_and_minus_one_returned),
        cmocka_unit_test(an_errno_brings_its_text_and_number),
        cmocka_unit_test(a_prefix_keeps_message_and_number),
        cmocka_unit_test(a_new_message_replaces_the_old),
        cmocka_unit_test(control_characters_cannot_break_the_line),
        cmocka_unit_test(a_message_may_hold_its_own_old_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
