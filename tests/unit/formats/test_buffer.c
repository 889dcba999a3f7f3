/* Growing bytes and vectors of strings. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/base/buffer.h"

static void bytes_are_followed_by_a_nul(void **state)
{
    (void)state;
    cleanup_buffer struct buffer buffer = {0};
    buffer_add(&buffer, "a\0b", 3);
    buffer_add_char(&buffer, 'c');
    assert_int_equal(buffer.length, 4);
    assert_memory_equal(buffer.data, "a\0bc", 5);
}

static void a_buffer_grows_piece_by_piece(void **state)
{
    (void)state;
    cleanup_buffer struct buffer buffer = {0};
    for (int i = 0; i < 10000; i++)
        buffer_format(&buffer, "%d,", i % 10);
    assert_int_equal(buffer.length, 20000);
    assert_int_equal(strlen(buffer.data), 20000);
    assert_string_equal(buffer.data + 19998, "9,");
}

static void an_empty_buffer_is_taken_as_empty_text(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    char *text = buffer_take(&buffer);
    assert_string_equal(text, "");
    assert_null(buffer.data);
    free(text);
}

static void strings_end_with_null_at_each_count(void **state)
{
    (void)state;
    cleanup_strings struct strings strings = {0};
    for (size_t i = 0; i < 100; i++) {
        strings_format(&strings, "%zu", i);
        assert_int_equal(strings.count, i + 1);
        assert_null(strings.items[i + 1]);
    }
    assert_string_equal(strings.items[63], "63");
}

static void strings_are_copied_from_another_vector(void **state)
{
    (void)state;
    cleanup_strings struct strings one = {0};
    cleanup_strings struct strings two = {0};
    strings_add_all(&two, &one);
    assert_int_equal(two.count, 0);
    strings_add(&one, "a");
    strings_add(&two, "b");
    strings_add_all(&two, &one);
    assert_int_equal(two.count, 2);
    assert_string_equal(two.items[1], "a");
    assert_ptr_not_equal(two.items[1], one.items[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_followed_by_a_nul),
        cmocka_unit_test(a_buffer_grows_piece_by_piece),
        cmocka_unit_test(an_empty_buffer_is_taken_as_empty_text),
        cmocka_unit_test(strings_end_with_null_at_each_count),
        cmocka_unit_test(strings_are_copied_from_another_vector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
