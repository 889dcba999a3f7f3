/* TOML: each key of a text with its value, as JSON. */
#include "runtime/config/toml.h"

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/temporary.h"

static int print_entry(void *data, const struct strings *key, const json_t *value, struct error *error)
{
    struct buffer *out = data;
    for (size_t i = 0; i < key->count; i++)
        buffer_format(out, "%s%s", i > 0 ? "|" : "", key->items[i]);
    cleanup_free char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    buffer_format(out, "=%s\n", text);
    return strcmp(key->items[key->count - 1], "refused") == 0 ? error_set(error, "refused") : 0;
}

static void assert_reads(const char *text, const char *expected)
{
    cleanup_error struct error error = {0};
    cleanup_buffer struct buffer out = {0};
    if (toml_read(text, strlen(text), "f", print_entry, &out, &error) < 0)
        fail_msg("%s", error.message);
    assert_string_equal(out.data != NULL ? out.data : "", expected);
}

static void assert_refused(const char *text, const char *expected)
{
    cleanup_error struct error error = {0};
    cleanup_buffer struct buffer out = {0};
    assert_int_equal(toml_read(text, strlen(text), "f", print_entry, &out, &error), -1);
    if (strstr(error.message, expected) == NULL)
        fail_msg("%s\ndoes not hold: %s", error.message, expected);
}

static void an_empty_text_has_no_keys(void **state)
{
    (void)state;
    assert_reads("", "");
    assert_reads("\n# only a comment", "");
    assert_reads("[a]\r\n[a.b] # two\n", "");
}

static void keys_are_bare_quoted_and_dotted(void **state)
{
    (void)state;
    assert_reads("a=1\nb_-9 = 2\n1=3", "a=1\nb_-9=2\n1=3\n");
    assert_reads("\"a b\".'c.d' . e = 1", "a b|c.d|e=1\n");
    assert_reads("[x.\"y z\"]\na.b=1\na.c=2\n[x]\nd=3", "x|y z|a|b=1\nx|y z|a|c=2\nx|d=3\n");
}

static void strings_of_all_four_kinds(void **state)
{
    (void)state;
    assert_reads("a=\"q\\\"\\\\\\n\\t\\u00e9\\U0001F600\"", "a=\"q\\\"\\\\\\n\\té😀\"\n");
    assert_reads("a='C:\\x'", "a=\"C:\\\\x\"\n");
    assert_reads("a=\"\"\"\nx\n\\\n   y\"\"\"\"\nb=1", "a=\"x\\ny\\\"\"\nb=1\n");
    assert_reads("a='''x\\\r\n'y''''", "a=\"x\\\\\\r\\n'y'\"\n");
    assert_reads("a=\"\"", "a=\"\"\n");
}

static void numbers_dates_and_booleans(void **state)
{
    (void)state;
    assert_reads("a=-1_000\nb=0xff\nc=0o17\nd=0b11\ne=+0", "a=-1000\nb=255\nc=15\nd=3\ne=0\n");
    assert_reads("a=1.5\nb=-2e3", "a=1.5\nb=-2000.0\n");
    assert_reads("a=1979-05-27T07:32:00Z\nb=07:32:00", "a=\"1979-05-27T07:32:00Z\"\nb=\"07:32:00\"\n");
    assert_reads("a=true # yes\nb=false", "a=true\nb=false\n");
}

static void arrays_and_tables_in_braces(void **state)
{
    (void)state;
    assert_reads("a=[1, [\"x\"], # one\n 2,\n]\nb=[]", "a=[1,[\"x\"],2]\nb=[]\n");
    assert_reads("[m]\nq = {path = \"/x\", a.b = 2}\ne={}", "m|q|path=\"/x\"\nm|q|a|b=2\n");
}

static void mistakes_are_named_with_their_line(void **state)
{
    (void)state;
    assert_refused("a=1\nb", "f:2: no '='");
    assert_refused("a=\n", "f:1: a value is missing");
    assert_refused("a=1 2", "f:1: \"2\" stands behind");
    assert_refused("\n\na=\"x\n", "f:3: a string has no end");
    assert_refused("a='''x\n\n", "f:3: a string has no end");
    assert_refused("a=\"\\x\"", "\"\\x\" is no escape");
    assert_refused("a=\"\\ud800\"", "no character that a text can hold");
    assert_refused("a=\"\\u0000\"", "no character that a text can hold");
    assert_refused("a=\"\x01\"", "0x01");
    assert_refused("a=[1 2]", "no ',' between");
    assert_refused("a={b=1", "a table in braces has no end");
    assert_refused("[a\n", "no ']'");
    assert_refused("[[a]\n", "no ']]'");
    assert_refused("é=1", "\"é\" begins no key");
    assert_refused("=1", "\"=\" begins no key");
    assert_refused("\"\"=1", "a key is empty");
    assert_refused("a=1\nrefused=[\n1]", "f:2: refused");
}

static void arrays_of_tables_have_a_name_of_their_own(void **state)
{
    (void)state;
    assert_reads("[[a]]\nx=1\n[a.b]\ny=2\n[[a]]\nx=3\n[a.b]\ny=4\n[[a.c]]\n",
                 "a[]|x=1\na|b|y=2\na[]|x=3\na|b|y=4\n");
    assert_refused("[a]\n[[a]]", "f:2: [[a]]: is a table or a value already");
    assert_refused("a=[]\n[[a]]", "f:2: [[a]]: is a table or a value already");
    assert_refused("[[a]]\n[a]", "f:2: [a]: is an array of tables ([[a]]) already");
    assert_refused("[[a]]\n[a.b]\n[a.b]", "f:3: [b]: is there twice");
}

static void what_is_there_twice_is_refused(void **state)
{
    (void)state;
    assert_refused("a=1\na=2", "f:2: a: is there twice");
    assert_refused("[a]\n[a]", "f:2: [a]: is there twice");
    assert_refused("a=1\n[a]", "f:2: a: is a value already");
    assert_refused("a.b=1\na=2", "f:2: a: is there twice");
    assert_refused("a=1\na.b=2", "f:2: a: is a value already");
    assert_refused("a={b=1,b=2}", "b: is there twice");
    assert_refused("a={b={c=1},b.d=2}", "b: is a value already");
    assert_refused("[a]\nb=1\n[a.b]", "f:3: b: is a value already");
}

static void a_table_is_made_in_one_way(void **state)
{
    (void)state;
    assert_refused("a.b=1\n[a]", "f:2: [a]: is there twice");
    assert_refused("[a]\nb.c=1\n[a.b]", "f:3: [b]: is there twice");
    assert_refused("[a.b.c]\nx=1\n[a]\nb.c.d=2", "f:4: c: is a table with a header already");
    assert_refused("a={b=1}\n[a.c]", "f:2: a: is a value already");
    assert_refused("a={b=1}\na.c=2", "f:2: a: is a value already");
    assert_refused("a=[{b=1}]\n[a.c]", "f:2: a: is a value already");
    assert_refused("[[a.b]]\n[a]\nb.c=1", "f:3: b: is a table with a header already");
    assert_reads("[a]\nb.c=1\n[a.b.d]\ne=2\n[x.y]\n[x]\nz=3", "a|b|c=1\na|b|d|e=2\nx|z=3\n");
}

/* https://toml.io/en/v1.0.0: "Integer", "Float", and the four kinds of dates and times. */
static void words_that_are_values_are_read(void **state)
{
    static const char *const words[][2] = {
        {"+99", "99"},
        {"-0", "0"},
        {"5_349_221", "5349221"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"0xdead_beef", "3735928559"},
        {"0o755", "493"},
        {"0b1101_0110", "214"},
        {"+1.0", "1.0"},
        {"-0.25", "-0.25"},
        {"0e0", "0.0"},
        {"65e-1", "6.5"},
        {"1e06", "1000000.0"},
        {"1_000.2_5", "1000.25"},
        {"1979-05-27T07:32:00Z", "\"1979-05-27T07:32:00Z\""},
        {"1979-05-27T00:32:00.999999-07:00", "\"1979-05-27T00:32:00.999999-07:00\""},
        {"1979-05-27 07:32:00Z", "\"1979-05-27 07:32:00Z\""},
        {"1979-05-27t07:32:00", "\"1979-05-27t07:32:00\""},
        {"2000-02-29", "\"2000-02-29\""},
        {"23:59:60.5", "\"23:59:60.5\""},
        {"1979-05-27 # 07:32", "\"1979-05-27\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        cleanup_free char *text = xasprintf("a=%s", words[i][0]),
                          *expected = xasprintf("a=%s\n", words[i][1]);
        assert_reads(text, expected);
    }
}

static void words_that_are_no_values_are_refused(void **state)
{
    static const char *const words[] = {"yes",
                                        "01",
                                        "1__0",
                                        "_1",
                                        "1_",
                                        "0x",
                                        "0xg",
                                        "0x_1",
                                        "+0x1",
                                        "-0b1",
                                        "0X1",
                                        "1.2.3",
                                        "inf",
                                        "nan",
                                        "TRUE",
                                        "--1",
                                        "+-1",
                                        "9223372036854775808",
                                        "0x8000000000000000",
                                        "1e",
                                        "1.",
                                        ".5",
                                        "-.5",
                                        "1.e2",
                                        "03.5",
                                        "1_.5",
                                        "1._5",
                                        "1e_5",
                                        "1e5_",
                                        "1e1.5",
                                        "1e400",
                                        "1979-13-01",
                                        "1979-00-01",
                                        "1979-04-31",
                                        "1900-02-29",
                                        "1979-5-1",
                                        "1979-05-27T",
                                        "24:00:00",
                                        "07:60:00",
                                        "07:32",
                                        "07:32:61",
                                        "07:32:00.",
                                        "07:32:00Z",
                                        "1979-05-27T07:32:00+7",
                                        "1979-05-27T07:32:00+24:00",
                                        "1979-05-27 7:32:00"};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        cleanup_free char *text = xasprintf("a=%s", words[i]);
        assert_refused(text, "is no string, number, date or boolean");
    }
}

static void what_the_format_forbids_is_refused(void **state)
{
    static const char *const texts[] = {
        "a=1 # \x01",
        "a=1 # \x7f",
        "# \rb=1",
        "a=1\rb=2",
        "a={b=1,}",
        "a={\nb=1}",
        "a=[,]",
        "a=[1,,2]",
        "a.=1",
        ".a=1",
        "a..b=1",
        "[]",
        "[a.]",
        "[a]b=1",
        "[ [a]]",
        "[[a] ]",
        "a=\"\"\"\"\"\"\"\"\"",
        "a='''''''''",
        "'a\n'=1",
        "\"\"\"a\"\"\"=1",
        "a=\"\\u12\"",
        "a=\"\\U00110000\"",
        "a 1",
        "a=b=c",
        "a=\"\"\"\r\"\"\"",
        "a='\x7f'",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_refused(texts[i], "f:");
}

static void nesting_has_an_end(void **state)
{
    (void)state;
    char deep[600] = "a=";
    memset(deep + 2, '[', 500);
    assert_refused(deep, "more than 16 values stand in each other");
    assert_refused("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=1", "more than 16 names");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_int_equal(toml_read("a\0b", 3, "f", print_entry, NULL, &error), -1);
    assert_string_equal(error.message, "f: holds a NUL");
    assert_refused("a=\"\xff\"", "f: not UTF-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_text_has_no_keys),
        cmocka_unit_test(keys_are_bare_quoted_and_dotted),
        cmocka_unit_test(strings_of_all_four_kinds),
        cmocka_unit_test(numbers_dates_and_booleans),
        cmocka_unit_test(arrays_and_tables_in_braces),
        cmocka_unit_test(mistakes_are_named_with_their_line),
        cmocka_unit_test(arrays_of_tables_have_a_name_of_their_own),
        cmocka_unit_test(what_is_there_twice_is_refused),
        cmocka_unit_test(a_table_is_made_in_one_way),
        cmocka_unit_test(words_that_are_values_are_read),
        cmocka_unit_test(words_that_are_no_values_are_refused),
        cmocka_unit_test(what_the_format_forbids_is_refused),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
