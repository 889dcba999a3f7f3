/* MirageOS's command line, and what its parser makes of it. */
#include "tests/unit/fixtures/guest_fixture.h"

#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/guests/solo5.h"
#include "tests/unit/fixtures/random_words.h"

/*
 * The rules of mirage/parse-argv, src/parse_argv.ml, said again: a blank ends a word, a backslash takes the
 * next character, double quotes take everything up to the next one, in which a backslash does the same; a
 * word without characters is none. False where the text ends within quotes or behind a backslash.
 */
static bool parse_argv(const char *text, struct strings *words)
{
    cleanup_buffer struct buffer word = {0};
    bool quoted = false;
    for (;; text++) {
        if (*text == '\0' || (*text == ' ' && !quoted)) {
            if (word.length > 0)
                strings_add_owned(words, buffer_take(&word));
            if (*text == '\0')
                return !quoted;
        } else if (*text == '\\') {
            if (*++text == '\0')
                return false;
            buffer_add_char(&word, *text);
        } else if (*text == '"') {
            quoted = !quoted;
        } else {
            buffer_add_char(&word, *text);
        }
    }
}

static void assert_arrives(struct fixture *fixture)
{
    cleanup_strings struct strings words = {0};
    assert_int_equal(plan(fixture, FRAMEWORK_MIRAGE), 0);
    assert_true(parse_argv(fixture->boot.command_line, &words));
    assert_int_equal(words.count, fixture->args.count);
    for (size_t i = 0; i < words.count; i++)
        assert_string_equal(words.items[i], fixture->args.items[i]);
}

/* A boot with one nic, for a kernel whose manifest declares `service`. */
static int plan_with_network(struct fixture *fixture)
{
    boot_free(&fixture->boot);
    boot_add_nic(&fixture->boot, -1);
    fixture->input.network = &fixture->network;
    return guest_find(FRAMEWORK_MIRAGE)->plan(&fixture->input, &fixture->boot, &fixture->error);
}

static void address_and_gateway_stand_before_the_arguments(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "service", false);
    SET_ARGS(fixture, "--hello=Good day", "-l", "info");
    assert_int_equal(plan_with_network(fixture), 0);
    assert_string_equal(fixture->boot.command_line,
                        "--ipv4=10.88.0.5/16 --ipv4-gateway=10.88.0.1 \"--hello=Good day\" -l info");
    assert_string_equal(fixture->boot.nics[0].name, "service");
}

static void without_a_gateway_there_is_only_the_address(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "service", false);
    *fixture->network.gateway = '\0';
    assert_int_equal(plan_with_network(fixture), 0);
    assert_string_equal(fixture->boot.command_line, "--ipv4=10.88.0.5/16");
}

static void ipv6_is_told_where_the_usual_stack_takes_it_or_nothing_else_is(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "service", false);
    strcpy(fixture->network.address6, "fd00::5");
    strcpy(fixture->network.gateway6, "fe80::1");
    fixture->network.prefix6 = 64;
    const char *const both = "--ipv4=10.88.0.5/16 --ipv4-gateway=10.88.0.1 --ipv6=fd00::5/64 "
                             "--ipv6-gateway=fe80::1";
    const struct {
        const char *version;
        const char *line;
    } cases[] = {
        {NULL, "--ipv4=10.88.0.5/16 --ipv4-gateway=10.88.0.1"},
        {"3.10.8", "--ipv4=10.88.0.5/16 --ipv4-gateway=10.88.0.1"},
        {"4.0.0", both},
        {"v4.10", both},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture->input.version = cases[i].version;
        assert_int_equal(plan_with_network(fixture), 0);
        assert_string_equal(fixture->boot.command_line, cases[i].line);
    }
    fixture->input.version = NULL;
    *fixture->network.address = '\0';
    assert_int_equal(plan_with_network(fixture), 0);
    assert_string_equal(fixture->boot.command_line, "--ipv6=fd00::5/64 --ipv6-gateway=fe80::1");
}

static void a_kernel_without_a_network_device_is_told_no_address(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "storage", true);
    boot_free(&fixture->boot);
    SET_ARGS(fixture, "a");
    boot_add_disk(&fixture->boot, 5, false);
    boot_add_nic(&fixture->boot, -1);
    fixture->input.network = &fixture->network;
    assert_int_equal(guest_find(FRAMEWORK_MIRAGE)->plan(&fixture->input, &fixture->boot, &fixture->error), 0);
    assert_string_equal(fixture->boot.command_line, "a");
    assert_string_equal(fixture->boot.disks[0].name, "storage");
}

static void a_kernel_of_another_kind_needs_no_manifest(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "a");
    assert_int_equal(plan_with_network(fixture), 0);
    assert_string_equal(fixture->boot.command_line, "--ipv4=10.88.0.5/16 --ipv4-gateway=10.88.0.1 a");
}

static void a_solo5_kernel_without_a_manifest_is_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->kernel.formats = KERNEL_ELF | KERNEL_SOLO5;
    assert_refused(fixture, FRAMEWORK_MIRAGE,
                   "the Solo5 kernel has no manifest of its devices, without which it cannot be started");
}

static void words_for_solo5_itself_stay_in_front(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "service", false);
    SET_ARGS(fixture, "--solo5:quiet", "--solo5:debug", "a", "--solo5:warn");
    assert_int_equal(plan_with_network(fixture), 0);
    assert_string_equal(fixture->boot.command_line, "--solo5:quiet --solo5:debug --ipv4=10.88.0.5/16 "
                                                    "--ipv4-gateway=10.88.0.1 a --solo5:warn");
}

static void the_cmdline_annotation_is_taken_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "service", false);
    SET_ARGS(fixture, "unikernel");
    fixture->input.cmdline = "-l \"a b\"  \\x";
    assert_int_equal(plan_with_network(fixture), 0);
    assert_string_equal(fixture->boot.command_line,
                        "--ipv4=10.88.0.5/16 --ipv4-gateway=10.88.0.1 -l \"a b\"  \\x");
}

static void no_arguments_are_an_empty_line(void **state)
{
    struct fixture *fixture = *state;
    assert_plan(fixture, FRAMEWORK_MIRAGE, "");
    fixture->input.cmdline = "";
    assert_plan(fixture, FRAMEWORK_MIRAGE, "");
}

static void what_is_special_is_quoted(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "a b", "\"", "\\", "it's", "\ttab", "{[--]}", "--", "\xc3\xa9", "line\nend", "x\\\"y ");
    assert_plan(fixture, FRAMEWORK_MIRAGE,
                "\"a b\" \"\\\"\" \"\\\\\" it's \"\ttab\" {[--]} -- \xc3\xa9 \"line\nend\" \"x\\\\\\\"y \"");
    assert_arrives(fixture);
}

static void every_list_of_arguments_arrives(void **state)
{
    static const char alphabet[] = "  \"\"\\\\'a-=\t\n\x01\xff$";
    struct fixture *fixture = *state;
    uint64_t seed = 1;
    for (int round = 0; round < 5000; round++) {
        strings_free(&fixture->args);
        for (uint32_t left = next_random(&seed) % 6; left > 0; left--) {
            char *word = random_word(&seed, alphabet, sizeof alphabet - 1);
            if (*word != '\0')
                strings_add(&fixture->args, word);
            free(word);
        }
        assert_arrives(fixture);
    }
}

static void an_empty_argument_is_refused(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "a", "", "b");
    assert_refused(fixture, FRAMEWORK_MIRAGE,
                   "process.args[1] is empty, and MirageOS's command line cannot hold an empty argument");
}

static void a_line_longer_than_solo5s_is_refused(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "storage", true);
    char *text = calloc(1, 8193);
    memset(text, 'x', 8192);
    SET_ARGS(fixture, text);
    free(text);
    boot_free(&fixture->boot);
    boot_add_disk(&fixture->boot, 5, false);
    assert_int_equal(guest_find(FRAMEWORK_MIRAGE)->plan(&fixture->input, &fixture->boot, &fixture->error),
                     -1);
    assert_string_equal(fixture->error.message,
                        "the guest's command line would have 8192 bytes, Solo5's has 8191 at most");
}

static void the_exit_port_is_used(void **state)
{
    struct fixture *fixture = *state;
    assert_plan(fixture, FRAMEWORK_MIRAGE, "");
    assert_int_equal(fixture->boot.quirks, BOOT_QUIRK_EXIT_PORT);
    assert_int_equal(fixture->boot.exit, BOOT_EXIT_MARK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        guest_test(address_and_gateway_stand_before_the_arguments),
        guest_test(without_a_gateway_there_is_only_the_address),
        guest_test(ipv6_is_told_where_the_usual_stack_takes_it_or_nothing_else_is),
        guest_test(a_kernel_without_a_network_device_is_told_no_address),
        guest_test(a_kernel_of_another_kind_needs_no_manifest),
        guest_test(a_solo5_kernel_without_a_manifest_is_refused),
        guest_test(words_for_solo5_itself_stay_in_front),
        guest_test(the_cmdline_annotation_is_taken_as_it_is),
        guest_test(no_arguments_are_an_empty_line),
        guest_test(what_is_special_is_quoted),
        guest_test(every_list_of_arguments_arrives),
        guest_test(an_empty_argument_is_refused),
        guest_test(a_line_longer_than_solo5s_is_refused),
        guest_test(the_exit_port_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
