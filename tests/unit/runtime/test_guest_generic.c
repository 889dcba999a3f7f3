/* The table of guests, and the generic one. */
#include "tests/unit/fixtures/guest_fixture.h"

static void unknown_frameworks_have_no_driver(void **state)
{
    (void)state;
    assert_null(guest_find("mirage"));
    assert_null(guest_find(""));
    assert_string_equal(guest_find("linux")->name, "linux");
    assert_string_equal(guest_find("unikraft")->name, "unikraft");
}

static void every_driver_that_asks_for_a_kernel_says_which(void **state)
{
    (void)state;
    for (const struct guest *const *guest = guests; *guest != NULL; guest++) {
        assert_ptr_equal(guest_find((*guest)->name), *guest);
        assert_int_equal((*guest)->kernels == 0, (*guest)->kernels_text == NULL);
    }
}

static void arguments_are_joined_by_blanks_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "app", "-monitor stdio", "", "it's");
    strings_add(&fixture->env, "K=V");
    fixture->input.has_initrd = true;
    fixture->input.network = &fixture->network;
    assert_plan(fixture, "generic", "app -monitor stdio  it's");
    assert_int_equal(fixture->boot.quirks, BOOT_QUIRK_EXIT_PORT);
    assert_false(fixture->boot.reports_status);
}

static void the_cmdline_annotation_wins(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "unikernel");
    fixture->input.cmdline = "  a  b ";
    assert_plan(fixture, "generic", "  a  b ");
}

static void no_arguments_are_an_empty_line(void **state)
{
    struct fixture *fixture = *state;
    assert_plan(fixture, "generic", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_frameworks_have_no_driver),
        cmocka_unit_test(every_driver_that_asks_for_a_kernel_says_which),
        guest_test(arguments_are_joined_by_blanks_and_nothing_else),
        guest_test(the_cmdline_annotation_wins),
        guest_test(no_arguments_are_an_empty_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
