/* One failure on its way to the user. */
#include "tests/unit/fixtures/temporary.h"

#include <errno.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "formats/base/text.h"

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

static void a_number_of_its_own_brings_no_text(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(error_numbered(&error, EXDEV, "%s: leaves", "x"), -1);
    assert_string_equal(error.message, "x: leaves");
    assert_int_equal(error.number, EXDEV);
    error_clear(&error);
}

static void a_kind_stays_with_a_prefix_and_goes_with_the_message(void **state)
{
    (void)state;
    struct error error = {0};
    error_set(&error, "a");
    error.kind = ERROR_KIND_EXCLUDED;
    error_prefix(&error, "b");
    assert_int_equal(error.kind, ERROR_KIND_EXCLUDED);
    error_set(&error, "c");
    assert_int_equal(error.kind, ERROR_KIND_NONE);
    error_clear(&error);
}

static void a_terminal_gets_no_hidden_characters(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"},            /* CSI as UTF-8 */
        {"a\x9b\xff", "a\\x9b\\xff"}, /* CSI as one byte; what is not UTF-8 */
        {"\xe2\x80\xae"
         "cod",
         "\\xe2\\x80\\xaecod"},                                     /* right-to-left override */
        {"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},                        /* line separator */
        {"\xc0\x8a", "\\xc0\\x8a"},                                 /* an overlong newline */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},                        /* a surrogate */
        {"\xc3", "\\xc3"},                                          /* cut short */
        {"\xf0\x9f\xa6\x84 \xd7\xa9", "\xf0\x9f\xa6\x84 \xd7\xa9"}, /* printable: stays */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        error_set(&error, "%s", cases[i].from);
        assert_string_equal(error.message, cases[i].to);
        error_prefix(&error, "x");
        assert_string_equal(error.message + 3, cases[i].to);
        error_clear(&error);
    }
}

static void a_monstrous_word_loses_its_middle(void **state)
{
    (void)state;
    cleanup_buffer struct buffer word = {0};
    for (int i = 0; i < 100000; i++)
        buffer_add_string(&word, i % 2 == 0 ? "/\xc3\xa4" : "/\xe2\x82\xac");
    cleanup_error struct error error = {0};
    error_set(&error, "COPY %s to %s: not there", word.data, word.data);
    error_prefix(&error, "Containerfile:3");
    assert_true(strlen(error.message) < 1300);
    assert_true(text_is_utf8(error.message));
    assert_non_null(strstr(error.message, "Containerfile:3: COPY /\xc3\xa4/"));
    assert_non_null(strstr(error.message, "..."));
    assert_non_null(strstr(error.message, "\xe2\x82\xac to /\xc3\xa4/"));
    assert_string_equal(error.message + strlen(error.message) - 11, ": not there");
}

static void a_monstrous_message_loses_its_middle(void **state)
{
    (void)state;
    cleanup_buffer struct buffer text = {0};
    for (int i = 0; i < 100000; i++)
        buffer_add_string(&text, "\xc3\xa4 \x1b");
    cleanup_error struct error error = {0};
    error_errno(&error, ENOENT, "%s", text.data);
    for (int i = 0; i < 100; i++)
        error_prefix(&error, "outer %d", i);
    assert_true(strlen(error.message) <= 4000);
    assert_true(text_is_utf8(error.message));
    assert_memory_equal(error.message, "outer 99: outer 98: ", 20);
    assert_non_null(strstr(error.message, ": No such file or directory"));
    assert_int_equal(error.number, ENOENT);
}

static void a_word_of_ordinary_length_stays_whole(void **state)
{
    (void)state;
    char path[601];
    memset(path, 'p', 600);
    path[600] = '\0';
    cleanup_error struct error error = {0};
    error_set(&error, "%s %s", path, path);
    assert_int_equal(strlen(error.message), 1201);
    assert_null(strstr(error.message, "..."));
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
        cmocka_unit_test(a_number_of_its_own_brings_no_text),
        cmocka_unit_test(a_kind_stays_with_a_prefix_and_goes_with_the_message),
        cmocka_unit_test(a_terminal_gets_no_hidden_characters),
        cmocka_unit_test(a_monstrous_word_loses_its_middle),
        cmocka_unit_test(a_monstrous_message_loses_its_middle),
        cmocka_unit_test(a_word_of_ordinary_length_stays_whole),
        cmocka_unit_test(a_message_may_hold_its_own_old_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
