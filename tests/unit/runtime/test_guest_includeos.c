/* The command line of an IncludeOS guest. */
#include "tests/unit/fixtures/guest_fixture.h"

#include <string.h>

#include "tests/unit/fixtures/guest_readers.h"

static void arguments_reach_the_guest_byte_for_byte(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "acorn", "'", "\"", "\\", "--", "\xc3\xa9", "a;b", "$X");
    assert_int_equal(plan(fixture, FRAMEWORK_INCLUDEOS), 0);
    struct strings words = {0};
    includeos_read("/guest/kernel", fixture->boot.command_line, &words);
    assert_strings(&words, 1, &fixture->args);
    strings_free(&words);
}

static void white_space_and_nothing_cannot_be_carried(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "acorn", "a b");
    assert_refused(fixture, FRAMEWORK_INCLUDEOS,
                   "process.args[1] a b: IncludeOS splits arguments at white space, and knows no quotes");
    SET_ARGS(fixture, "acorn", "a\fb");
    assert_int_equal(plan(fixture, FRAMEWORK_INCLUDEOS), -1);
    SET_ARGS(fixture, "acorn", "");
    assert_refused(fixture, FRAMEWORK_INCLUDEOS,
                   "process.args[1] is empty: an IncludeOS command line cannot carry that");
}

static void more_arguments_than_it_has_room_for_are_refused(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 63; i++)
        strings_add(&fixture->args, "x");
    assert_int_equal(plan(fixture, FRAMEWORK_INCLUDEOS), 0);
    struct strings words = {0};
    includeos_read("/guest/kernel", fixture->boot.command_line, &words);
    assert_int_equal(words.count, 64);
    strings_free(&words);
    strings_add(&fixture->args, "x");
    assert_refused(fixture, FRAMEWORK_INCLUDEOS, "process.args has 64 arguments and IncludeOS takes 63");
}

static void the_cmdline_annotation_is_used_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.cmdline = "acorn  a\tb ";
    assert_plan(fixture, FRAMEWORK_INCLUDEOS, "acorn  a\tb ");
}

static void the_chain_loaders_service_has_no_arguments(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_initrd = true;
    assert_plan(fixture, FRAMEWORK_INCLUDEOS, "");
    SET_ARGS(fixture, "acorn");
    assert_plan(fixture, FRAMEWORK_INCLUDEOS, "acorn");
    SET_ARGS(fixture, "acorn", "x");
    assert_refused(fixture, FRAMEWORK_INCLUDEOS,
                   "a service that IncludeOS's chain loader starts (initrd) cannot be given arguments");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        guest_test(arguments_reach_the_guest_byte_for_byte),
        guest_test(white_space_and_nothing_cannot_be_carried),
        guest_test(more_arguments_than_it_has_room_for_are_refused),
        guest_test(the_cmdline_annotation_is_used_as_it_is),
        guest_test(the_chain_loaders_service_has_no_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
