/* JSON from outside: what is refused, and integers that do not fit. */
#include "formats/base/json.h"

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/temporary.h"

static json_t *parse(const char *text, struct error *error)
{
    return parse_json(text, strlen(text), "a.json", error);
}

static void assert_unsigned(const char *text, uint64_t expected)
{
    cleanup_error struct error error = {0};
    cleanup_json json_t *document = parse(text, &error);
    assert_non_null(document);
    uint64_t value = 7;
    assert_int_equal(read_uint64(document, "", "k", &value, &error), 1);
    assert_true(value == expected);
}

static void unsigned_integers_are_exact(void **state)
{
    (void)state;
    assert_unsigned("{\"k\":0}", 0);
    assert_unsigned("{\"k\":9223372036854775807}", INT64_MAX);
    assert_unsigned("{\"k\":9223372036854775808}", (uint64_t)INT64_MAX + 1);
    assert_unsigned("{\"k\":18446744073709551614}", UINT64_MAX - 1);
    assert_unsigned("{\"a\":[1,-2,3.5e2,\"\\\"99999999999999999999\"],\"k\" : 18446744073709551615 }",
                    UINT64_MAX);
}

static void integers_out_of_range_are_named(void **state)
{
    (void)state;
    static const char *const numbers[] = {"18446744073709551616", "-1", "-9223372036854775809",
                                          "99999999999999999999999999999999"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        cleanup_error struct error error = {0};
        cleanup_free char *text = xasprintf("{\"k\":%s}", numbers[i]);
        cleanup_free char *expected = xasprintf("at k: %s is out of range", numbers[i]);
        cleanup_json json_t *document = parse(text, &error);
        assert_non_null(document);
        uint64_t value = 0;
        assert_int_equal(read_uint64(document, "at ", "k", &value, &error), -1);
        assert_string_equal(error.message, expected);
        int64_t number = 0;
        if (numbers[i][1] != '1') {
            assert_int_equal(read_integer(document, "at ", "k", INT64_MIN, INT64_MAX, &number, &error), -1);
            assert_string_equal(error.message, expected);
        }
    }
}

static void a_wide_integer_is_nothing_else(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_json json_t *document = parse("{\"k\":18446744073709551615}", &error);
    const json_t *value = NULL;
    const char *text = NULL;
    bool truth = false;
    uint32_t small = 0;
    cleanup_strings struct strings strings = {0};
    assert_int_equal(read_object(document, "", "k", &value, &error), -1);
    assert_string_equal(error.message, "k: not an object");
    assert_int_equal(read_array(document, "", "k", &value, &error), -1);
    assert_int_equal(read_string(document, "", "k", &text, &error), -1);
    assert_int_equal(read_bool(document, "", "k", &truth, &error), -1);
    assert_int_equal(read_uint32(document, "", "k", &small, &error), -1);
    assert_int_equal(read_strings(document, "", "k", &strings, &error), -1);
}

static void a_document_cannot_pretend_to_a_wide_integer(void **state)
{
    (void)state;
    static const char *const forged[] = {
        "{\"k\":{\"\":\"\\u00005\"}}",
        "{\"wide\":18446744073709551615,\"k\":{\"\":\"\\u00005\"}}",
        "{\"wide\":18446744073709551615,\"k\":{\"\":\"\\\\\\u00005\"}}",
        "{\"wide\":18446744073709551615,\"k\":{\"\":\"\\u000018446744073709551616\"}}",
    };
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        cleanup_error struct error error = {0};
        assert_null(parse(forged[i], &error));
        assert_memory_equal(error.message, "a.json:", 7);
    }
    uint64_t value = 0;
    cleanup_error struct error error = {0};
    cleanup_json json_t *document =
        parse("{\"k\":{\"\":\"5\"},\"wide\":18446744073709551615,\"text\":\"\\\\u0000\"}", &error);
    assert_int_equal(read_uint64(document, "", "k", &value, &error), -1);
    assert_string_equal(error.message, "k: not a whole number");
    assert_string_equal(json_string_value(json_object_get(document, "text")), "\\u0000");
}

static void what_is_not_json_stays_so_beside_a_wide_integer(void **state)
{
    (void)state;
    static const char *const broken[] = {"[18446744073709551615",    "[018446744073709551616]",
                                         "[18446744073709551615-1]", "[18446744073709551615,\"x]",
                                         "{18446744073709551615:1}", "[-,18446744073709551615]",
                                         "18446744073709551615",     "[1e999]",
                                         "[18446744073709551615.]"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        cleanup_error struct error error = {0};
        cleanup_json json_t *document = parse(broken[i], &error);
        if (document != NULL)
            fail_msg("%s was taken", broken[i]);
    }
}

static void a_key_that_is_given_twice_is_refused(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_null(parse("{\"a\":1,\n\"a\":2}", &error));
    assert_memory_equal(error.message, "a.json:2: duplicate object key", 30);
    assert_null(parse("{\"a\":18446744073709551615,\"a\":2}", &error));
    assert_non_null(strstr(error.message, "duplicate"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsigned_integers_are_exact),
        cmocka_unit_test(integers_out_of_range_are_named),
        cmocka_unit_test(a_wide_integer_is_nothing_else),
        cmocka_unit_test(a_document_cannot_pretend_to_a_wide_integer),
        cmocka_unit_test(what_is_not_json_stays_so_beside_a_wide_integer),
        cmocka_unit_test(a_key_that_is_given_twice_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
