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
    if (ignore_parse(&ignore, ".containerignore", rules, strlen(rules), &error) < 0)
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
    assert_true(matches("[x\\-]", "-"));
    assert_true(matches("a[[]0]", "a[0]"));
    assert_true(matches("[a\\-c]", "-"));
    assert_false(matches("[a\\-c]", "b"));
    assert_true(matches("[^a]", "/"));
    assert_false(matches("[^a]", "a"));
    assert_false(matches("[z-a]", "m"));
    assert_true(matches("[*?]", "*"));
    assert_true(matches("[\xc3\xa4-\xc3\xbc]", "\xc3\xb6"));
}

static void escapes_take_wildcards_their_meaning(void **state)
{
    (void)state;
    assert_true(matches("\\*", "*"));
    assert_false(matches("\\*", "a"));
}

static void refuses(const char *text, enum pattern_dialect dialect, const char *expected)
{
    cleanup_error struct error error = {0};
    struct pattern *pattern = pattern_compile(text, dialect, &error);
    if (pattern != NULL)
        fail_msg("%s is taken", text);
    if (strstr(error.message, expected) == NULL)
        fail_msg("\"%s\" does not contain \"%s\"", error.message, expected);
}

static void malformed_patterns_are_errors(void **state)
{
    (void)state;
    static const char *const open[] = {"a[b", "[", "[^", "a[", "[a-", "[^bc"};
    static const char *const misplaced[] = {"[]a]", "[]", "[^]", "[-]", "[x-]", "[-x]", "[a-b-c]"};
    for (enum pattern_dialect dialect = PATTERN_MATCH; dialect <= PATTERN_IGNORE; dialect++) {
        for (size_t i = 0; i < sizeof open / sizeof *open; i++)
            refuses(open[i], dialect, "\"[\" has no \"]\"");
        for (size_t i = 0; i < sizeof misplaced / sizeof *misplaced; i++)
            refuses(misplaced[i], dialect, "in brackets needs a \"\\\"");
        refuses("[a\\", dialect, "nothing follows the");
        refuses("a\\", dialect, "nothing follows the");
        refuses("[\xff]", dialect, "not UTF-8");
        cleanup_free char *large = xcalloc(1, 5000);
        memset(large, 'a', 4999);
        refuses(large, dialect, "a pattern has 4999 bytes; 4096 are allowed");
    }
}

/* Docker's matcher passes these on to a regular expression, where they mean something that its documentation
 * does not say. */
static void patterns_that_would_mean_something_else_in_docker_are_refused(void **state)
{
    (void)state;
    refuses("a\\d", PATTERN_IGNORE, "before a letter or a digit");
    refuses("dir\\file", PATTERN_IGNORE, "before a letter or a digit");
    refuses("[\\w]", PATTERN_IGNORE, "before a letter or a digit");
    refuses("\\1", PATTERN_IGNORE, "before a letter or a digit");
    refuses("\\\xc3\xa4", PATTERN_IGNORE, "before a letter or a digit");
    refuses("[*]", PATTERN_IGNORE, "\"*\" in brackets needs");
    refuses("[a?]", PATTERN_IGNORE, "\"?\" in brackets needs");
    refuses("[[:alpha:]]", PATTERN_IGNORE, "named class");
    refuses("[z-a]", PATTERN_IGNORE, "backwards");
    refuses("^*", PATTERN_IGNORE, "\"^\" outside of brackets");
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

enum expected { NO, YES, BELOW }; /* BELOW: a directory on the way matches, so the path is excluded with it */

static const struct {
    const char *rule;
    const char *path;
    enum expected expected;
} cases[] = {
    /* names */
    {"a", "a", YES},
    {"a", "a/b/c", BELOW},
    {"a/b", "a/b/c", BELOW},
    {"a/b", "a/c", NO},
    {"a", "ab", NO},
    {"a", "b/a", NO},
    {"a.b(c)+|{}$", "a.b(c)+|{}$", YES},
    {"a.b", "axb", NO},
    {"a^b", "a^b", YES},
    /* one star, one character */
    {"*.o", "a.o", YES},
    {"*.o", ".o", YES},
    {"*.o", "a/b.o", NO},
    {"*.o", "d.o/b", BELOW},
    {"*", "a/b", BELOW},
    {"*/*", "a", NO},
    {"*/*", "a/b", YES},
    {"a?", "a\xc3\xa4", YES},
    {"a?b", "a/b", NO},
    {"a*", "a", YES},
    /* "**" and a slash */
    {"**/x", "x", YES},
    {"**/x", "a/b/x", YES},
    {"**/x", "a/xy", NO},
    {"**/x", "yx", NO},
    {"**/x", "a/x/b", BELOW},
    {"**/*.o", "a.o", YES},
    {"**/*.o", "a/b/c.o", YES},
    {"**/a/b", "a/b", YES},
    {"**/a/b", "x/a/b", YES},
    {"**/a/b", "xa/b", NO},
    {"**/a/*", "x/a/b", YES},
    {"**/a/**", "a/b/c", YES},
    {"**/a/**", "a", NO},
    {"**/**", "a/b", YES},
    {"a/**/z", "a/z", YES},
    {"a/**/z", "a/b/c/z", YES},
    {"a/**/z", "b/z", NO},
    {"a/**/z", "a/bz", NO},
    {"a/**/**/z", "a/z", YES},
    {"**/.git", "x.git", NO},
    /* "**" at the end */
    {"**", "a", YES},
    {"**", "a/b/c", YES},
    {"**/", "a/b", YES},
    {"a/**", "a", NO},
    {"a/**", "a/b", YES},
    {"a/**", "a/b/c", YES},
    {"a/**", "ab/c", NO},
    {"a**", "a", YES},
    {"a**", "abc/d", YES},
    {"a**", "b/a", NO},
    {"*a**", "xa/b/c", YES},
    {"a/*.txt**", "a/b.txt.gz/x", YES},
    /* "**" glued to a name */
    {"**.pem", "a.pem", YES},
    {"**.pem", ".pem", YES},
    {"**.pem", "x/a.pem", YES},
    {"**.pem", "x/y/z.pem", YES},
    {"**.pem", "a.pem.txt", NO},
    {"**.pem", "d.pem/key", BELOW},
    {"**key", "monkey", YES},
    {"**x/y", "ax/y", YES},
    /* ... and with another wildcard, where it is a row of directories */
    {"**.pe?", "a.pem", NO},
    {"**.pe?", ".pem", YES},
    {"**.pe?", "d/.pem", YES},
    {"**\\.pem", "a.pem", NO},
    {"**\\.pem", "d/.pem", YES},
    {"**x**", "x", YES},
    {"**x**", "xy", YES},
    {"**x**", "d/xy", YES},
    {"**x**", "d/x/z", YES},
    {"**x**", "ax", NO},
    {"a**b", "ab", YES},
    {"a**b", "a/b", YES},
    {"a**b", "ax/y/b", YES},
    {"a**b", "axb", NO},
    {"a**/b", "a/b", YES},
    {"a**/b", "ab", YES},
    {"a**/*.txt", "a/d/e/f.txt", YES},
    {"a***b", "axb", YES},
    {"a***b", "a/xb", YES},
    {"***", "a/b", YES},
    {"****", "a/b", YES},
    /* classes and escapes */
    {"a[b-d]e", "ace", YES},
    {"a[b-d]e", "ae", NO},
    {"a[^b-d]e", "aze", YES},
    {"a[^b-d]e", "ace", NO},
    {"a[^b]c", "a/c", YES},
    {"a]b", "a]b", YES},
    {"[\\]\\-\\*]", "*", YES},
    {"a\\*b", "a*b", YES},
    {"a\\*b", "axb", NO},
    {"a\\\\", "a\\", YES},
    {"\\#a", "#a", YES},
    {"\\!a", "!a", YES},
    {"\\^a*", "^ab", YES},
    /* slashes, dots and white space */
    {"/a", "a", YES},
    {"//a", "a", YES},
    {"a/", "a", YES},
    {"a/", "a/b", BELOW},
    {"./a//b/../c/", "a/c", YES},
    {"/../a", "a", YES},
    {"../a", "a", NO},
    {"a/../../b", "b", NO},
    {"/", "a", NO},
    {".", "a", NO},
    {"..", "a", NO},
    {"  a\t\r", "a", YES},
    {"a\xc2\xa0", "a", YES},
    {"\xe3\x80\x80"
     "a\xe2\x80\x89",
     "a", YES},
    {"a b", "a b", YES},
    {"a\xff", "a\xff", YES},
    {" #a", "#a", YES},
    {"#a", "#a", NO},
    {"\xef\xbb\xbf"
     "a",
     "a", YES},
    {"\xef\xbb\xbf"
     "#a",
     "#a", NO},
};

static void patterns_mean_what_they_mean_to_docker(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool expected = cases[i].expected != NO;
        if (excludes(cases[i].rule, cases[i].path) != expected)
            fail_msg("\"%s\" %s \"%s\"", cases[i].rule, expected ? "does not exclude" : "excludes",
                     cases[i].path);
        /* A star alone matches every first component, so that what is left is an exception's own match. */
        cleanup_free char *exception = xasprintf("*\n!%s", cases[i].rule);
        if (*cases[i].rule == '#' || strchr(cases[i].rule, '\xef') || strcmp(cases[i].rule, "/") == 0)
            continue;
        if (excludes(exception, cases[i].path) == expected)
            fail_msg("\"!%s\" %s \"%s\"", cases[i].rule, expected ? "does not include" : "includes",
                     cases[i].path);
    }
}

static void the_last_matching_rule_wins(void **state)
{
    (void)state;
    assert_false(excludes("*\n!keep", "keep"));
    assert_true(excludes("*\n!keep", "other"));
    assert_true(excludes("!keep\n*", "keep"));
    assert_true(excludes("*\n!dir\ndir/secret", "dir/secret"));
    assert_false(excludes("*\n!dir\ndir/secret", "dir/public"));
    assert_true(excludes("**\n!a/b\na/b/c", "a/b/c"));
    assert_false(excludes("*.md\n!README*\n", "README.md"));
    assert_true(excludes("*.md\n!README*\nREADME-secret.md", "README-secret.md"));
    assert_false(excludes("a\n!!a", "!a"));
}

static void an_exception_includes_below_an_excluded_directory(void **state)
{
    (void)state;
    assert_false(excludes("dir\n!dir/keep", "dir/keep"));
    assert_true(excludes("dir\n!dir/keep", "dir/other"));
    assert_true(excludes("dir\n!dir/keep", "dir"));
    assert_false(excludes("dir/\n!dir/keep/", "dir/keep/deep/file"));
    assert_false(excludes("dir/**\n!**/keep", "dir/a/keep"));
    assert_true(excludes("dir\n!other", "dir/a"));
    assert_false(excludes("**\n!a/b", "a/b/c"));
}

/* BuildKit asks a rule only where it would change the answer, directory by directory. */
static void
an_exception_for_a_directory_that_was_never_excluded_says_nothing_about_what_is_in_it(void **state)
{
    (void)state;
    assert_true(excludes("dir/secret\n!dir", "dir/secret"));
    assert_true(excludes("dir/secret\n!dir", "dir/secret/deep"));
    assert_false(excludes("dir\ndir/secret\n!dir", "dir/secret"));
    assert_true(excludes("a/b\n!a\n!x", "a/b/c"));
}

/* The answer does not depend on what was asked before. */
static void paths_may_be_asked_in_any_order(void **state)
{
    (void)state;
    static const char rules[] = "a\n!a/b\na/b/c\n**.key\n!a/b/c/d/e";
    static const char *const paths[] = {
        "a",  "a/b",     "a/b/c", "a/b/c/d", "a/b/c/d/e",   "a/b/c/d/e/f",    "a/bc",
        "ab", "b/x.key", "b",     "a/b/x",   "a/b/c.key/d", "a/b/c/d/e/f.key"};
    enum { COUNT = sizeof paths / sizeof *paths };
    cleanup_error struct error error = {0};
    struct ignore ignore = {0};
    assert_int_equal(ignore_parse(&ignore, ".dockerignore", rules, strlen(rules), &error), 0);
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
            assert_int_equal(ignore_excludes(&ignore, paths[i]), excludes(rules, paths[i]));
            assert_int_equal(ignore_excludes(&ignore, paths[j]), excludes(rules, paths[j]));
        }
    }
    ignore_free(&ignore);
}

static void comments_and_blanks_are_skipped(void **state)
{
    (void)state;
    assert_false(excludes("# a\n\n   \n", "a"));
    assert_false(excludes("#a\r\n#b\r\n", "a"));
    assert_true(excludes("  a  \r\nb\r\n", "a"));
    assert_true(excludes("  a  \r\nb\r\n", "b"));
    assert_true(excludes("x\n\xef\xbb\xbf#a", "\xef\xbb\xbf#a"));
    assert_false(excludes("a\n! a", "a"));
    assert_false(excludes("a\n  ! \t/a/ ", "a"));
    assert_true(excludes("/ a", "a"));
    assert_true(excludes("**/ /", "a/b"));
    assert_false(excludes("a\n./!a", "a"));
    assert_false(excludes("", "a"));
}

static void refuses_rules(const char *rules, size_t length, const char *expected)
{
    cleanup_error struct error error = {0};
    struct ignore ignore = {0};
    assert_int_equal(ignore_parse(&ignore, ".dockerignore", rules, length, &error), -1);
    assert_string_equal(error.message, expected);
    ignore_free(&ignore);
}

static void malformed_rules_name_file_and_line(void **state)
{
    (void)state;
    refuses_rules("a\n[b\n", 5, ".dockerignore:2: pattern \"[b\": \"[\" has no \"]\"");
    refuses_rules("!\n", 2, ".dockerignore:1: no pattern follows the \"!\"");
    refuses_rules("\n\n!  ", 5, ".dockerignore:3: no pattern follows the \"!\"");
    refuses_rules("!/", 2, ".dockerignore:1: no pattern follows the \"!\"");
    refuses_rules("a\nb\0*\n", 6, ".dockerignore:2: a NUL byte; an ignore file is text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wildcards_match_within_a_component),
        cmocka_unit_test(classes_have_ranges_negation_and_escapes),
        cmocka_unit_test(escapes_take_wildcards_their_meaning),
        cmocka_unit_test(malformed_patterns_are_errors),
        cmocka_unit_test(hostile_patterns_take_no_time),
        cmocka_unit_test(patterns_that_would_mean_something_else_in_docker_are_refused),
        cmocka_unit_test(patterns_mean_what_they_mean_to_docker),
        cmocka_unit_test(the_last_matching_rule_wins),
        cmocka_unit_test(an_exception_includes_below_an_excluded_directory),
        cmocka_unit_test(
            an_exception_for_a_directory_that_was_never_excluded_says_nothing_about_what_is_in_it),
        cmocka_unit_test(paths_may_be_asked_in_any_order),
        cmocka_unit_test(comments_and_blanks_are_skipped),
        cmocka_unit_test(malformed_rules_name_file_and_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
