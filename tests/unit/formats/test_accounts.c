/* The lines of /etc/passwd and /etc/group. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/base/accounts.h"

static void lines_are_cut_into_fields(void **state)
{
    (void)state;
    char text[] = "root:x:0:0::/root:/bin/sh\n\nshort:x\na:b:c:d:e:f:g:h\nlast::1:";
    char *rest = text;
    struct account account;
    assert_true(account_next(&rest, &account));
    assert_int_equal(account.count, 7);
    assert_string_equal(account.fields[0], "root");
    assert_string_equal(account.fields[4], "");
    assert_string_equal(account.fields[6], "/bin/sh");
    assert_true(account_next(&rest, &account));
    assert_int_equal(account.count, 1);
    assert_string_equal(account.fields[0], "");
    assert_true(account_next(&rest, &account));
    assert_int_equal(account.count, 2);
    assert_null(account.fields[2]);
    assert_true(account_next(&rest, &account));
    assert_int_equal(account.count, 7); /* what stands behind the last field is nobody's */
    assert_string_equal(account.fields[6], "g");
    assert_true(account_next(&rest, &account));
    assert_int_equal(account.count, 4);
    assert_string_equal(account.fields[3], "");
    assert_false(account_next(&rest, &account));
    char *nothing = NULL;
    assert_false(account_next(&nothing, &account));
}

static void ids_are_numbers_below_the_highest(void **state)
{
    (void)state;
    static const char *const refused[] = {"",   "-1", "+1",         "1a",         " 1",
                                          "0x", "a",  "4294967295", "4294967296", "00000000001"};
    uint32_t id = 7;
    assert_true(account_parse_id("0", &id));
    assert_int_equal(id, 0);
    assert_true(account_parse_id("4294967294", &id));
    assert_int_equal(id, 4294967294U);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_false(account_parse_id(refused[i], &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_cut_into_fields),
        cmocka_unit_test(ids_are_numbers_below_the_highest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
