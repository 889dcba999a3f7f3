/* The command line of a Unikraft guest, for both eras of its parameters. */
#include "tests/unit/fixtures/guest_fixture.h"

#include <string.h>

static void current_parameters_stand_between_name_and_arguments(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "nginx", "-c", "/nginx/conf/nginx.conf");
    strings_add(&fixture->env, "PATH=/bin");
    strings_add(&fixture->env, "K=two words");
    fixture->input.network = &fixture->network;
    fixture->input.has_initrd = true;
    fixture->input.version = "0.17.0";
    assert_plan(fixture, FRAMEWORK_UNIKRAFT,
                "nginx netdev.ip=10.88.0.5/16:10.88.0.1:10.88.0.53 vfs.fstab=[ \"initrd0:/:extract:::\" ] "
                "env.vars=[ \"PATH=/bin\" \"K=two words\" ] -- -c /nginx/conf/nginx.conf");
}

static void before_0_16_1_parameters_have_their_old_names(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "redis", "x");
    fixture->input.network = &fixture->network;
    fixture->input.has_initrd = true;
    fixture->input.version = "0.15.0";
    assert_plan(fixture, FRAMEWORK_UNIKRAFT,
                "redis netdev.ipv4_addr=10.88.0.5 netdev.ipv4_gw_addr=10.88.0.1 "
                "netdev.ipv4_subnet_mask=255.255.0.0 vfs.rootfs=initrd -- x");
}

static void versions_compare_as_numbers(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "app");
    fixture->input.has_initrd = true;
    static const char current[] = "app vfs.fstab=[ \"initrd0:/:extract:::\" ] --";
    static const char old[] = "app vfs.rootfs=initrd --";
    const struct {
        const char *version;
        const char *line;
    } cases[] = {
        {NULL, current}, {"0.16.1", current},  {"0.16.10", current},    {"0.100", current},
        {"1", current},  {"v0.17.0", current}, {"0.16.1-rc1", current}, {"pandora", current},
        {"", current},   {"0.16.0", old},      {"0.16", old},           {"0.9.9", old},
        {"v0.15", old},  {"0", old},           {"0.16.0-5", old},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture->input.version = cases[i].version;
        assert_plan(fixture, FRAMEWORK_UNIKRAFT, cases[i].line);
    }
}

static void what_does_not_apply_is_left_out_but_the_stop_has_something_before_it(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "app", "--", "x");
    assert_plan(fixture, FRAMEWORK_UNIKRAFT, "app env.vars=[ ] -- -- x");
}

static void an_address_without_gateway_or_nameserver_has_no_empty_ends(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "app");
    fixture->input.network = &fixture->network;
    fixture->network.dns[0] = '\0';
    assert_plan(fixture, FRAMEWORK_UNIKRAFT, "app netdev.ip=10.88.0.5/16:10.88.0.1 --");
    fixture->network.gateway[0] = '\0';
    assert_plan(fixture, FRAMEWORK_UNIKRAFT, "app netdev.ip=10.88.0.5/16 --");
    strcpy(fixture->network.dns, "10.88.0.53");
    assert_plan(fixture, FRAMEWORK_UNIKRAFT, "app netdev.ip=10.88.0.5/16::10.88.0.53 --");
}

/* lib/ukargparse of Unikraft, as its sources have it today: what the guest makes of the line. */
static size_t split_as_unikraft(char *line, char **words)
{
    size_t count = 0;
    char *out = line;
    char quote = '\0';
    bool in_word = false;
    for (char *in = line; *in != '\0'; in++) {
        bool blank = strchr(" \t\r\n\v", *in) != NULL;
        if (quote == '\0' && blank) {
            if (in_word)
                *out++ = '\0';
            in_word = false;
            continue;
        }
        if (quote == '\0' ? (*in == '\'' || *in == '"') : *in == quote) {
            quote = quote == '\0' ? *in : '\0';
            continue;
        }
        if (quote != '\'' && *in == '\\')
            in++;
        if (!in_word)
            words[count++] = out;
        in_word = true;
        *out++ = *in;
    }
    *out = '\0';
    return count;
}

static void arguments_reach_the_guest_byte_for_byte(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "app", "a b", "it's", "say \"hi\"", "back\\slash", "tab\there", "line\nbreak", "'",
             "plain");
    strings_add(&fixture->env, "Q=a\"b\\c d'e");
    assert_int_equal(plan(fixture, FRAMEWORK_UNIKRAFT), 0);
    char *words[64];
    char *line = strdup(fixture->boot.command_line);
    size_t count = split_as_unikraft(line, words);
    assert_int_equal(count, 1 + 3 + 1 + 8);
    assert_string_equal(words[1], "env.vars=[");
    assert_string_equal(words[2], "Q=a\"b\\c d'e");
    for (size_t i = 1; i < fixture->args.count; i++)
        assert_string_equal(words[4 + i], fixture->args.items[i]);
    free(line);
}

static void a_value_that_ends_with_a_bracket_does_not_end_the_list(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "app");
    strings_add(&fixture->env, "LIST=[a b]");
    strings_add(&fixture->env, "K=V");
    assert_plan(fixture, FRAMEWORK_UNIKRAFT, "app env.vars=[ \"K=V\" ] env.vars=\"LIST=[a b]\" --");
}

static void the_cmdline_annotation_is_used_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.cmdline = "nginx -c '/a b'  -monitor stdio";
    fixture->input.has_initrd = true;
    assert_plan(fixture, FRAMEWORK_UNIKRAFT,
                "nginx vfs.fstab=[ \"initrd0:/:extract:::\" ] -- -c '/a b'  -monitor stdio");
}

static void nothing_to_run_and_empty_arguments_are_refused(void **state)
{
    struct fixture *fixture = *state;
    assert_refused(fixture, FRAMEWORK_UNIKRAFT, "process.args and the cmdline annotation name no program");
    fixture->input.cmdline = "  ";
    assert_refused(fixture, FRAMEWORK_UNIKRAFT, "process.args and the cmdline annotation name no program");
    fixture->input.cmdline = NULL;
    SET_ARGS(fixture, "app", "x", "");
    assert_refused(fixture, FRAMEWORK_UNIKRAFT,
                   "process.args[2] is empty: a Unikraft command line cannot carry that");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        guest_test(current_parameters_stand_between_name_and_arguments),
        guest_test(before_0_16_1_parameters_have_their_old_names),
        guest_test(versions_compare_as_numbers),
        guest_test(what_does_not_apply_is_left_out_but_the_stop_has_something_before_it),
        guest_test(an_address_without_gateway_or_nameserver_has_no_empty_ends),
        guest_test(arguments_reach_the_guest_byte_for_byte),
        guest_test(a_value_that_ends_with_a_bracket_does_not_end_the_list),
        guest_test(the_cmdline_annotation_is_used_as_it_is),
        guest_test(nothing_to_run_and_empty_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
