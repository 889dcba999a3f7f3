/* urunc's init reads the kernel's command line, also a hostile one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Pure, and compiled for the guest otherwise. */
#include "runtime/init/cmdline.c"

static struct cmdline parsed;
static char text[CMDLINE_SIZE];

static void parse_text(char *line)
{
    free(parsed.args.items);
    cmdline_parse(line, &parsed);
}

static void parse(const char *line)
{
    strcpy(text, line);
    parse_text(text);
}

static void kernel_parameters_that_concern_the_root(void **state)
{
    (void)state;
    parse("panic=-1 console=ttyS0 root=/dev/vda rw quiet rootfstype=ext2 ro init=/a/urunc-init\n");
    assert_string_equal(parsed.root, "/dev/vda");
    assert_string_equal(parsed.root_type, "ext2");
    assert_true(parsed.root_readonly);
    assert_string_equal(parsed.init, "/a/urunc-init");
    assert_int_equal(parsed.args.count, 0);
    assert_null(parsed.args.items);
    assert_false(parsed.exit_port);
}

static void double_quotes_join_words_as_the_kernel_does(void **state)
{
    (void)state;
    parse("x=\"a -- b\" init=\"/a b\" -- c");
    assert_string_equal(parsed.init, "/a b");
    assert_int_equal(parsed.args.count, 1);
    assert_string_equal(parsed.args.items[0], "c");
}

static void arguments_join_within_single_and_double_quotes(void **state)
{
    (void)state;
    parse("-- sh -c 'echo \"a\"  b' \"it's\" 'it'\\''s' a'b c'd '' \\x unclosed' quote \n");
    static const char *const expected[] = {"sh", "-c",  "echo \"a\"  b",    "it's", "it's", "ab cd",
                                           "",   "\\x", "unclosed quote \n"};
    assert_int_equal(parsed.args.count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < parsed.args.count; i++)
        assert_string_equal(parsed.args.items[i], expected[i]);
}

static void a_host_may_understand_every_status_or_failures_alone(void **state)
{
    (void)state;
    parse("urunc.exit");
    assert_true(parsed.exit_port && parsed.exit_report);
    parse("urunc.exit=failures");
    assert_true(parsed.exit_port && !parsed.exit_report);
    parse("urunc.exit=everything");
    assert_false(parsed.exit_port || parsed.exit_report);
}

static void words_behind_the_stop_are_arguments_whatever_they_look_like(void **state)
{
    (void)state;
    parse("urunc.exit -- urunc.user=0:0 root=/dev/vdb -- urunc.env=X=Y");
    assert_false(parsed.has_user);
    assert_null(parsed.root);
    assert_int_equal(parsed.env.count, 0);
    assert_int_equal(parsed.args.count, 4);
    assert_string_equal(parsed.args.items[2], "--");
}

static void addresses_need_their_fields(void **state)
{
    (void)state;
    parse("ip=10.0.0.2::10.0.0.1:255.255.255.0:box:eth1:off");
    assert_string_equal(parsed.device, "eth1");
    assert_string_equal(parsed.hostname, "box");
    parse("ip=10.0.0.2:::::");
    assert_string_equal(parsed.device, "eth0");
    assert_null(parsed.gateway);
    assert_null(parsed.netmask);
    parse("ip=dhcp");
    assert_null(parsed.address);
    parse("ip=:::::eth0:dhcp");
    assert_null(parsed.address);
}

static void a_machine_without_power_off_ends_by_a_reset(void **state)
{
    (void)state;
    parse("urunc.channel");
    assert_false(parsed.reset);
    parse("urunc.reset");
    assert_true(parsed.reset);
}

/* Under AddressSanitizer this finds what runs over an end. */
static void a_terminal_has_a_size_of_two_numbers(void **state)
{
    (void)state;
    parse("urunc.channel urunc.terminal urunc.size=24x80");
    assert_true(parsed.channel);
    assert_true(parsed.terminal);
    assert_int_equal(parsed.rows, 24);
    assert_int_equal(parsed.columns, 80);
    static const char *const malformed[] = {"24", "24x", "x80", "24x80x1", "-1x80", "65536x1", "1x65536", ""};
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        char line[64];
        snprintf(line, sizeof line, "urunc.size=%s", malformed[i]);
        parse(line);
        assert_int_equal(parsed.rows, 0);
        assert_int_equal(parsed.columns, 0);
        assert_false(parsed.channel);
    }
}

static void any_bytes_are_survived(void **state)
{
    (void)state;
    static const char alphabet[] = "a=.:,%4 \t\n'\"\\-/\xa0ruip";
    static const char *const words[] = {"urunc.size=", "urunc.dns=", "ip=", " -- ", "root=", "init="};
    srandom(2);
    for (int round = 0; round < 3000; round++) {
        char *line = malloc(CMDLINE_SIZE);
        size_t length = 0;
        size_t wanted = (size_t)random() % (round % 50 == 0 ? CMDLINE_SIZE - 20 : 60);
        while (length < wanted) {
            if (random() % 8 == 0)
                length += (size_t)sprintf(line + length, "%s", words[(size_t)random() % 6]);
            else
                line[length++] = alphabet[(size_t)random() % (sizeof alphabet - 1)];
        }
        line[length] = '\0';
        char *exact = strdup(line); /* so that the end is an end */
        free(line);
        parse_text(exact);
        for (size_t i = 0; i < parsed.args.count; i++)
            assert_in_range(parsed.args.items[i] - exact, 0, length);
        assert_true(parsed.args.items == NULL || parsed.args.items[parsed.args.count] == NULL);
        free(exact);
    }
}

static void as_many_words_as_fit_are_kept(void **state)
{
    (void)state;
    strcpy(text, "-- ");
    for (size_t length = 3; length + 2 < CMDLINE_SIZE; length += 2)
        strcpy(text + length, "x ");
    parse_text(text);
    assert_int_equal(parsed.args.count, (CMDLINE_SIZE - 4) / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernel_parameters_that_concern_the_root),
        cmocka_unit_test(double_quotes_join_words_as_the_kernel_does),
        cmocka_unit_test(arguments_join_within_single_and_double_quotes),
        cmocka_unit_test(a_host_may_understand_every_status_or_failures_alone),
        cmocka_unit_test(words_behind_the_stop_are_arguments_whatever_they_look_like),
        cmocka_unit_test(addresses_need_their_fields),
        cmocka_unit_test(a_machine_without_power_off_ends_by_a_reset),
        cmocka_unit_test(a_terminal_has_a_size_of_two_numbers),
        cmocka_unit_test(any_bytes_are_survived),
        cmocka_unit_test(as_many_words_as_fit_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
