/* Expansion of words: variables, quotes, escapes. */
#include "builder/spec/expand.h"

#include "tests/unit/fixtures/builder_fixture.h"

static const char *lookup(const void *data, const char *name)
{
    (void)data;
    static const struct {
        const char *name, *value;
    } variables[] = {{"x", "one"},   {"long_name2", "two"}, {"empty", ""},  {"q", "a 'b' \"c\" $x"},
                     {"1", "first"}, {"12", "twelfth"},     {"größe", "L"}, {"名前", "name"}};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        if (strcmp(variables[i].name, name) == 0)
            return variables[i].value;
    return NULL;
}

static const struct expand_scope scope = {lookup, NULL, '\\', NULL};

static void check(const char *word, const char *expected)
{
    cleanup_error struct error error = {0};
    cleanup_free char *text = expand_word(&scope, word, &error);
    if (text == NULL)
        fail_msg("%s: %s", word, error.message);
    assert_string_equal(text, expected);
}

static void check_error(const char *word, const char *expected)
{
    cleanup_error struct error error = {0};
    cleanup_free char *text = expand_word(&scope, word, &error);
    assert_null(text);
    if (strstr(error.message, expected) == NULL)
        fail_msg("%s: \"%s\" lacks \"%s\"", word, error.message, expected);
}

static void expands_plain_variables(void **state)
{
    (void)state;
    check("", "");
    check("plain", "plain");
    check("$x", "one");
    check("a$x-b", "aone-b");
    check("$long_name2.txt", "two.txt");
    check("${x}y", "oney");
    check("$xy", "");
    check("$unset${unset}", "");
    check("$1", "first");
    check("$12", "twelfth");
    check("$1x", "firstx");
    check("${12}3", "twelfth3");
}

static void names_take_letters_of_any_script(void **state)
{
    (void)state;
    check("$größe-${größe}", "L-L");
    check("$名前", "name");
    check("$名前。", "name。"); /* an ideographic full stop */
    check("$größe…", "L…");
    check("$x–y", "one–y"); /* an en dash */
    check("$xé", "");
    check("$x×y", "one×y");
}

static void unset_variables_are_told_once(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_strings struct strings undefined = {0};
    const struct expand_scope telling = {lookup, NULL, '\\', &undefined};
    cleanup_free char *text = expand_word(&telling, "$x$a${b}\"$a\"${c:-}${d+}'$e'", &error);
    assert_string_equal(text, "one$e");
    assert_int_equal(undefined.count, 2);
    assert_string_equal(undefined.items[0], "a");
    assert_string_equal(undefined.items[1], "b");
}

static void a_lone_dollar_stays(void **state)
{
    (void)state;
    check("$", "$");
    check("a$", "a$");
    check("$ x", "$ x");
    check("$/x", "$/x");
}

static void defaults_apply_to_unset_and_with_a_colon_to_empty(void **state)
{
    (void)state;
    check("${x:-d}", "one");
    check("${unset:-d}", "d");
    check("${empty:-d}", "d");
    check("${empty-d}", "");
    check("${unset-d}", "d");
    check("${unset:-}", "");
}

static void alternatives_apply_to_set_and_with_a_colon_to_not_empty(void **state)
{
    (void)state;
    check("${x:+y}", "y");
    check("${unset:+y}", "");
    check("${empty:+y}", "");
    check("${empty+y}", "y");
    check("${unset+y}", "");
}

static void a_demanded_variable_is_an_error_when_missing(void **state)
{
    (void)state;
    check("${x:?why}", "one");
    check("${empty?why}", "");
    check_error("${unset:?say which}", "unset: say which");
    check_error("${empty:?}", "empty: is required");
}

static void words_of_modifiers_nest(void **state)
{
    (void)state;
    check("${unset:-${x}}", "one");
    check("${unset:-${other:-$long_name2}}!", "two!");
    check("${unset:-\"}\"}", "}");
    check("${unset:-a'}'b}", "a}b");
}

static void quotes_group_and_go(void **state)
{
    (void)state;
    check("'$x'", "$x");
    check("\"$x\"", "one");
    check("\"a b\"'c d'e", "a bc de");
    check("'a\\'", "a\\");
    check("\"it's\"", "it's");
}

static void escapes_protect_one_character(void **state)
{
    (void)state;
    check("\\$x", "$x");
    check("\"\\$x\"", "$x");
    check("\"\\\"\"", "\"");
    check("\"\\n\"", "\\n");
    check("a\\ b", "a b");
    check("end\\", "end\\");
}

static void the_escape_character_can_be_a_backtick(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    struct expand_scope windows = {lookup, NULL, '`', NULL};
    cleanup_free char *text = expand_word(&windows, "c:\\$x`$x", &error);
    assert_string_equal(text, "c:\\one$x");
}

static void values_are_not_expanded_again(void **state)
{
    (void)state;
    check("$q", "a 'b' \"c\" $x");
    check("\"$q\"", "a 'b' \"c\" $x");
}

static void unfinished_words_are_errors(void **state)
{
    (void)state;
    check_error("'a", "' quote has no end");
    check_error("\"a", "\" quote has no end");
    check_error("${x", "no closing brace");
    check_error("${x:-y", "no closing brace");
    check_error("${", "no name");
    check_error("${}", "no name");
    check_error("${x%.c}", "not supported");
    check_error("${x:}", "not supported");
}

static void hostile_nesting_is_bounded(void **state)
{
    (void)state;
    struct buffer word = {0};
    for (int i = 0; i < 100000; i++)
        buffer_add_string(&word, "${unset:-");
    check_error(word.data, "braces");
    buffer_free(&word);
}

static void heredocs_expand_variables_and_keep_quotes(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_free char *text = expand_heredoc(&scope, "a \"$x\" it's \\$x \\\\ \\\n", &error);
    assert_string_equal(text, "a \"one\" it's $x \\ \n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expands_plain_variables),
        cmocka_unit_test(names_take_letters_of_any_script),
        cmocka_unit_test(unset_variables_are_told_once),
        cmocka_unit_test(a_lone_dollar_stays),
        cmocka_unit_test(defaults_apply_to_unset_and_with_a_colon_to_empty),
        cmocka_unit_test(alternatives_apply_to_set_and_with_a_colon_to_not_empty),
        cmocka_unit_test(a_demanded_variable_is_an_error_when_missing),
        cmocka_unit_test(words_of_modifiers_nest),
        cmocka_unit_test(quotes_group_and_go),
        cmocka_unit_test(escapes_protect_one_character),
        cmocka_unit_test(the_escape_character_can_be_a_backtick),
        cmocka_unit_test(values_are_not_expanded_again),
        cmocka_unit_test(unfinished_words_are_errors),
        cmocka_unit_test(hostile_nesting_is_bounded),
        cmocka_unit_test(heredocs_expand_variables_and_keep_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
