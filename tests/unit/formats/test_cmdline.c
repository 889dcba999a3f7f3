/* The words of a cmdline annotation. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/contract/cmdline.h"

static void words_stand_between_blanks(void **state)
{
    (void)state;
    cleanup_strings struct strings words = {0};
    cmdline_words("  redis-server  /data/redis.conf \"a b\" ", &words);
    assert_int_equal(words.count, 4);
    assert_string_equal(words.items[0], "redis-server");
    assert_string_equal(words.items[1], "/data/redis.conf");
    assert_string_equal(words.items[2], "\"a");
    assert_string_equal(words.items[3], "b\"");
}

static void no_words_are_none(void **state)
{
    (void)state;
    cleanup_strings struct strings words = {0};
    cmdline_words("", &words);
    cmdline_words("   ", &words);
    assert_int_equal(words.count, 0);
}

static bool are(const char *cmdline, const char *const *items)
{
    cleanup_strings struct strings args = {0};
    for (; *items != NULL; items++)
        strings_add(&args, *items);
    return cmdline_words_are(cmdline, &args);
}

static void its_own_words_are_known_again(void **state)
{
    (void)state;
    assert_true(are("a b  c", (const char *const[]){"a", "b", "c", NULL}));
    assert_true(are("a b  c", (const char *const[]){"a", "b", "", "c", NULL})); /* as bima splits it */
    assert_true(are("", (const char *const[]){NULL}));
    assert_false(are("a b", (const char *const[]){"a", NULL}));
    assert_false(are("a b", (const char *const[]){"a", "b", "c", NULL}));
    assert_false(are("a b", (const char *const[]){"a b", NULL}));
    assert_false(are("a bc", (const char *const[]){"a", "b", NULL}));
    assert_false(are("a", (const char *const[]){NULL}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_stand_between_blanks),
        cmocka_unit_test(no_words_are_none),
        cmocka_unit_test(its_own_words_are_known_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
