/* Text that others wrote: decoding it, and showing it to people. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/base/cleanup.h"
#include "formats/base/text.h"

static void check_decode(const char *text, size_t length, uint32_t expected)
{
    uint32_t character = 0;
    assert_int_equal(text_decode(text, &character), length);
    assert_int_equal(character, expected);
}

static void characters_of_each_length_are_decoded(void **state)
{
    (void)state;
    check_decode("a", 1, 'a');
    check_decode("", 1, 0);
    check_decode("\xc3\xa4x", 2, 0xe4);
    check_decode("\xe2\x82\xac", 3, 0x20ac);
    check_decode("\xf4\x8f\xbf\xbf", 4, 0x10ffff);
}

static void what_is_not_utf8_is_not_decoded(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\x80",     "\xff",         "\xc0\x80",         "\xc1\xbf",         "\xc3",
        "\xe2\x82", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80",     "\xed\xbf\xbf",
        "\xc3(",    "\xf5\x80\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80", "\xe2\x28\xa1",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check_decode(texts[i], 0, 0);
        assert_false(text_is_utf8(texts[i]));
    }
    assert_true(text_is_utf8("\xc3\xa4 \xed\x9f\xbf"));
    assert_false(text_is_utf8("fine until here \xc3"));
}

static void a_line_is_printed_printable(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    text_print_line(stream, "a\n\xc2\x9bz\xd8\x9c\xe2\x81\xa6");
    assert_string_equal(text, "a\\x0a\\xc2\\x9bz\\xd8\\x9c\\xe2\\x81\\xa6\n"); /* flushed already */
    fclose(stream);
    free(text);
}

static void a_head_ends_between_characters(void **state)
{
    (void)state;
    assert_int_equal(text_head("abc", 3), 3);
    assert_int_equal(text_head("abc", 9), 3);
    assert_int_equal(text_head("a\xe2\x82\xac", 3), 1);
    assert_int_equal(text_head("a\xe2\x82\xac", 4), 4);
    assert_int_equal(text_head("\x80\x80\x80", 2), 0);
}

static void a_text_is_shortened_to_its_maximum(void **state)
{
    (void)state;
    static const char text[] = "0123456789abcdefghijk";
    cleanup_free char *same = text_shorten(text, 21, 21);
    assert_string_equal(same, text);
    cleanup_free char *shorter = text_shorten(text, 21, 18);
    assert_string_equal(shorter, "0123456789...ghijk");
    cleanup_free char *part = text_shorten(text, 4, 18);
    assert_string_equal(part, "0123");
    for (size_t max = 16; max < 24; max++) {
        static const char umlauts[] =
            "\xc3\xa4\xe2\x82\xac\xc3\xa4\xe2\x82\xac\xc3\xa4\xe2\x82\xac\xf0\x9f\xa6\x84x\xc3\xa4";
        cleanup_free char *cut = text_shorten(umlauts, sizeof umlauts - 1, max);
        assert_true(strlen(cut) <= max);
        assert_true(text_is_utf8(cut));
    }
}

static void a_quoted_text_is_not_cut_within_a_character(void **state)
{
    (void)state;
    char value[200];
    memset(value, 'y', 63);
    memcpy(value + 63, "\xc3\xa4\xc3\xa4\xc3\xa4", 7);
    char *quoted = text_quote(value);
    assert_non_null(strstr(quoted, "y...\""));
    free(quoted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_of_each_length_are_decoded),
        cmocka_unit_test(what_is_not_utf8_is_not_decoded),
        cmocka_unit_test(a_line_is_printed_printable),
        cmocka_unit_test(a_head_ends_between_characters),
        cmocka_unit_test(a_text_is_shortened_to_its_maximum),
        cmocka_unit_test(a_quoted_text_is_not_cut_within_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
