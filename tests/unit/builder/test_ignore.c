/* Ignore files and the patterns in them. */
#include "builder/context/ignore.h"

#include "builder/context/pattern.h"
#include "tests/unit/fixtures/builder_fixture.h"

static bool matches(const char *text, const char *path)
{
    cleanup_error struct error error = {0};
    struct pattern *pattern = pattern_compile(text, PATTERN_MATCH, &error);
    assert_non_null(pattern);
    bool result = pattern_matches(pattern, path);
    pattern_free(pattern);
    return result;
}

static bool excludes(const char *rules, const char *path)
{
    cleanup_error struct error error = {0};
    struct ignore ignore = {0};
    if (ignore_parse(&ignore, ".containerignore", rules, &error) < 0)
        fail_msg("%s", error.message);
    bool result = ignore_excludes(&ignore, path);
    ignore_free(&ignore);
    return result;
}

static void wildcards_match_within_a_component(void **state)
{
    (void)state;
    assert_true(matches("*.c", "a.c"));
    assert_true(matches("*", "a"));
    assert_true(matches("*", ""));
    assert_true(matches("a*b*c", "aXbYbZc"));
    assert_true(matches("?", "a"));
    assert_true(matches("?", "\xc3\xa4"));
    assert_true(matches("*", ".hidden"));
    assert_false(matches("*.c", "a.h"));
    assert_false(matches("*", "a/b"));
    assert_false(matches("?", "/"));
    assert_false(matches("a?", "a"));
    assert_true(matches("**", "ab"));
    assert_false(matches("**", "a/b"));
}

static void classes_have_ranges_negation_and_escapes(void **state)
{
    (void)state;
    assert_true(matches("[a-c]x", "bx"));
    assert_false(matches("[a-c]x", "dx"));
    assert_true(matches("[^a-c]x", "dx"));
    assert_false(matches("[^a-c]x", "ax"));
    assert_true(matches("[\\]]", "]"));
    assert_true(matches("[]a]", "]"));
    assert_true(matches("a[[]0]", "a[0]"));
    assert_true(matches("[a\\-c]", "-"));
    assert_false(matches("[a\\-c]", "b"));
    assert_false(matches("[^a]", "/"));
    assert_true(matches("[\xc3\xa4-\xc3\xbc]", "\xc3\xb6"));
}

static void escapes_take_wildcards_their_meaning(void **state)
{
    (void)state;
    assert_true(matches("\\*", "*"));
    assert_false(matches("\\*", "a"));
}

static void malformed_patterns_are_errors(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_null(pattern_compile("a[b", PATTERN_MATCH, &error));
    assert_null(pattern_compile("[", PATTERN_MATCH, &error));
    assert_null(pattern_compile("[^", PATTERN_MATCH, &error));
    assert_null(pattern_compile("[a\\", PATTERN_MATCH, &error));
    assert_null(pattern_compile("a\\", PATTERN_MATCH, &error));
    cleanup_free char *large = xcalloc(1, 5000);
    memset(large, 'a', 4999);
    assert_null(pattern_compile(large, PATTERN_MATCH, &error));
}

static void hostile_patterns_take_no_time(void **state)
{
    (void)state;
    struct buffer pattern = {0}, path = {0};
    for (int i = 0; i < 60; i++) {
        buffer_add_string(&pattern, "**a*");
        buffer_add_string(&path, "aaaaaaaaaa/");
    }
    buffer_add_char(&pattern, 'b');
    assert_false(excludes(pattern.data, path.data));
    buffer_free(&pattern);
    buffer_free(&path);
}

static void a_rule_excludes_a_path_and_all_below_it(void **state)
{
    (void)state;
    assert_true(excludes("a", "a"));
    assert_true(excludes("a", "a/b/c"));
    assert_true(excludes("a/b", "a/b/c"));
    assert_false(excludes("a/b", "a/c"));
    assert_false(excludes("a", "ab"));
    assert_false(excludes("a", "b/a"));
}

static void slashes_at_the_ends_mean_nothing(void **state)
{
    (void)state;
    assert_true(excludes("/a", "a"));
    assert_true(excludes("a/", "a"));
    assert_true(excludes("./a//b/../c/", "a/c"));
    assert_false(excludes("/", "a"));
    assert_false(excludes("..", "a"));
}

static void double_stars_cross_directories(void **state)
{
    (void)state;
    assert_true(excludes("**/x", "x"));
    assert_true(excludes("**/x", "a/b/x"));
    assert_true(excludes("**/*.o", "a/b/c.o"));
    assert_true(excludes("a/**/z", "a/z"));
    assert_true(excludes("a/**/z", "a/b/c/z"));
    assert_true(excludes("a/**", "a/b"));
    assert_true(excludes("**", "anything/at/all"));
    assert_false(excludes("**/x", "a/xy"));
    assert_false(excludes("a/**/z", "b/z"));
    assert_false(excludes("*.o", "a/b.o"));
}

static void the_last_matching_rule_wins(void **state)
{
    (void)state;
    assert_false(excludes("*\n!keep", "keep"));
    assert_true(excludes("*\n!keep", "other"));
    assert_false(excludes("dir\n!dir/keep", "dir/keep"));
    assert_true(excludes("dir\n!dir/keep", "dir/other"));
    assert_true(excludes("!keep\n*", "keep"));
    assert_true(excludes("*\n!dir\ndir/secret", "dir/secret"));
    assert_false(excludes("*\n!dir\ndir/secret", "dir/public"));
}

static void comments_and_blanks_are_skipped(void **state)
{
    (void)state;
    assert_false(excludes("# a\n\n   \n", "a"));
    assert_true(excludes("  a  \r\n", "a"));
    assert_true(excludes(" #a", "#a"));
    assert_true(excludes("\xef\xbb\xbf"
                         "a",
                         "a"));
    assert_false(excludes("a\n! a", "a"));
}

static void malformed_rules_name_file_and_line(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    struct ignore ignore = {0};
    assert_int_equal(ignore_parse(&ignore, ".dockerignore", "a\n[b\n", &error), -1);
    assert_int_equal(strncmp(error.message, ".dockerignore:2: ", 17), 0);
    ignore_free(&ignore);
    assert_int_equal(ignore_parse(&ignore, ".dockerignore", "!\n", &error), -1);
    ignore_free(&ignore);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wildcards_match_within_a_component),
        cmocka_unit_test(classes_have_ranges_negation_and_escapes),
        cmocka_unit_test(escapes_take_wildcards_their_meaning),
        cmocka_unit_test(malformed_patterns_are_errors),
        cmocka_unit_test(hostile_patterns_take_no_time),
        cmocka_unit_test(a_rule_excludes_a_path_and_all_below_it),
        cmocka_unit_test(slashes_at_the_ends_mean_nothing),
        cmocka_unit_test(double_stars_cross_directories),
        cmocka_unit_test(the_last_matching_rule_wins),
        cmocka_unit_test(comments_and_blanks_are_skipped),
        cmocka_unit_test(malformed_rules_name_file_and_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
