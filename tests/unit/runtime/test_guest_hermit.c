/* The command line of a Hermit guest, and what its kernel reads. */
#include "tests/unit/fixtures/guest_fixture.h"

#include <string.h>

#include "tests/unit/fixtures/guest_readers.h"
#include "tests/unit/fixtures/random_text.h"

static int setup(void **state)
{
    fixture_setup(state);
    struct fixture *fixture = *state;
    fixture->input.has_initrd = true;
    return 0;
}
#define hermit_test(function) cmocka_unit_test_setup_teardown(function, setup, fixture_teardown)

static void network_environment_and_arguments(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/app", "-v", "two words");
    strings_add(&fixture->env, "K=V");
    strings_add(&fixture->env, "no_value");
    strings_add(&fixture->env, "Q=it's");
    fixture->input.network = &fixture->network;
    assert_plan(
        fixture, FRAMEWORK_HERMIT,
        "-ip 10.88.0.5 -mask 255.255.0.0 -gateway 10.88.0.1 env=K=V 'env=Q=it'\\''s' -- /app -v 'two words'");
    fixture->network.gateway[0] = '\0';
    SET_ARGS(fixture, "x");
    strings_free(&fixture->env);
    assert_plan(fixture, FRAMEWORK_HERMIT, "-ip 10.88.0.5 -mask 255.255.0.0 -- x");
}

static void an_image_without_a_command_is_fine(void **state)
{
    struct fixture *fixture = *state;
    assert_plan(fixture, FRAMEWORK_HERMIT, "--");
}

static void the_cmdline_annotation_is_used_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.cmdline = "/app  'a b'";
    assert_plan(fixture, FRAMEWORK_HERMIT, "-- /app  'a b'");
}

static void the_application_is_the_initrd(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_initrd = false;
    assert_refused(
        fixture, FRAMEWORK_HERMIT,
        "no initrd: a Hermit image has the loader as its kernel and the application as its initrd");
}

static void what_is_not_utf8_is_refused(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "x", "\xff");
    assert_refused(
        fixture, FRAMEWORK_HERMIT,
        "the arguments (process.args) or the environment (process.env) are not UTF-8, and Hermit would drop "
        "them all");
}

static void success_and_failure_are_told_where_somebody_understands_them(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.exit_report = false;
    assert_int_equal(plan(fixture, FRAMEWORK_HERMIT), 0);
    assert_int_equal(fixture->boot.quirks, 0);
    fixture->input.exit_report = true;
    assert_int_equal(plan(fixture, FRAMEWORK_HERMIT), 0);
    assert_int_equal(fixture->boot.quirks, BOOT_QUIRK_EXIT_PORT);
    assert_int_equal(fixture->boot.exit, BOOT_EXIT_FLAG);
    fixture->kernel.architecture = "arm64";
    assert_int_equal(plan(fixture, FRAMEWORK_HERMIT), 0);
    assert_int_equal(fixture->boot.quirks, 0);
}

static void assert_read(struct fixture *fixture)
{
    struct hermit_seen seen;
    assert_true(hermit_read(fixture->boot.command_line, &seen));
    assert_strings(&seen.args, 0, &fixture->args);
    assert_strings(&seen.environment, 0, &fixture->env);
    assert_string_equal(seen.ip, "10.88.0.5");
    hermit_seen_free(&seen);
}

static void arguments_reach_the_guest_byte_for_byte(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.network = &fixture->network;
    SET_ARGS(fixture, "", "--", "-ip", "1.2.3.4", "#no comment", "virtio_mmio.device=x", "env=A=B", "'", "\\",
             "a\nb", "$HOME", "\xc3\xa9", "#", "x#y");
    assert_int_equal(plan(fixture, FRAMEWORK_HERMIT), 0);
    assert_read(fixture);
    uint64_t seed = 2;
    for (size_t round = 0; round < 20000; round++) {
        strings_free(&fixture->args);
        strings_free(&fixture->env);
        for (size_t i = random_next(&seed) % 6; i > 0; i--)
            strings_add_owned(&fixture->args, random_text(&seed, random_alphabet, RANDOM_PIECES, 12));
        for (size_t i = random_next(&seed) % 4; i > 0; i--) {
            char *value = random_text(&seed, random_alphabet, RANDOM_PIECES, 8);
            strings_format(&fixture->env, "V%zu=%s", i, value);
            free(value);
        }
        assert_int_equal(plan(fixture, FRAMEWORK_HERMIT), 0);
        assert_read(fixture);
    }
}

static void a_very_long_argument_is_one_word(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.network = &fixture->network;
    char *text = calloc(1, 100001);
    memset(text, '\'', 100000);
    strings_add_owned(&fixture->args, text);
    assert_int_equal(plan(fixture, FRAMEWORK_HERMIT), 0);
    assert_read(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        hermit_test(network_environment_and_arguments),
        hermit_test(an_image_without_a_command_is_fine),
        hermit_test(the_cmdline_annotation_is_used_as_it_is),
        hermit_test(the_application_is_the_initrd),
        hermit_test(what_is_not_utf8_is_refused),
        hermit_test(success_and_failure_are_told_where_somebody_understands_them),
        hermit_test(arguments_reach_the_guest_byte_for_byte),
        hermit_test(a_very_long_argument_is_one_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
