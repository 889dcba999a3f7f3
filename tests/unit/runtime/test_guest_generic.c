/* The table of guests, and the generic one. */
#include "tests/unit/fixtures/guest_fixture.h"

static void every_framework_has_its_driver(void **state)
{
    (void)state;
    for (int i = 0; i < FRAMEWORK_COUNT; i++)
        assert_int_equal(guest_find((enum framework)i) != NULL, i != FRAMEWORK_HYPERLIGHT);
    assert_ptr_equal(guest_find(FRAMEWORK_LINUX), &guest_linux);
    assert_ptr_equal(guest_find(FRAMEWORK_UNIKRAFT), &guest_unikraft);
}

static void arguments_are_joined_by_blanks_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "app", "-monitor stdio", "", "it's");
    strings_add(&fixture->env, "K=V");
    fixture->input.has_initrd = true;
    fixture->input.network = &fixture->network;
    assert_plan(fixture, FRAMEWORK_GENERIC, "app -monitor stdio  it's");
    assert_int_equal(fixture->boot.quirks, BOOT_QUIRK_EXIT_PORT);
    assert_int_equal(fixture->boot.exit, BOOT_EXIT_MARK);
}

static void a_solo5_kernel_has_the_devices_of_its_manifest(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "service", false);
    declare(fixture, "storage", true);
    boot_free(&fixture->boot);
    boot_add_nic(&fixture->boot, 5);
    boot_add_disk(&fixture->boot, 6, false);
    SET_ARGS(fixture, "a");
    assert_int_equal(guest_find(FRAMEWORK_GENERIC)->plan(&fixture->input, &fixture->boot, &fixture->error),
                     0);
    assert_string_equal(fixture->boot.nics[0].name, "service");
    assert_string_equal(fixture->boot.disks[0].name, "storage");
    assert_int_equal(fixture->boot.nics[0].position, 1);
    assert_int_equal(fixture->boot.disks[0].position, 2);
    assert_string_equal(fixture->boot.command_line, "a");
}

static void the_cmdline_annotation_wins(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "unikernel");
    fixture->input.cmdline = "  a  b ";
    assert_plan(fixture, FRAMEWORK_GENERIC, "  a  b ");
}

static void a_solo5_kernels_devices_have_the_manifests_names(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "service", false);
    declare(fixture, "storage", true);
    fixture->input.network = &fixture->network;
    boot_add_nic(&fixture->boot, -1);
    boot_add_disk(&fixture->boot, -1, false);
    assert_int_equal(guest_find(FRAMEWORK_GENERIC)->plan(&fixture->input, &fixture->boot, &fixture->error),
                     0);
    assert_string_equal(fixture->boot.nics[0].name, "service");
    assert_string_equal(fixture->boot.disks[0].name, "storage");
}

static void no_arguments_are_an_empty_line(void **state)
{
    struct fixture *fixture = *state;
    assert_plan(fixture, FRAMEWORK_GENERIC, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_framework_has_its_driver),
        guest_test(arguments_are_joined_by_blanks_and_nothing_else),
        guest_test(a_solo5_kernel_has_the_devices_of_its_manifest),
        guest_test(the_cmdline_annotation_wins),
        guest_test(no_arguments_are_an_empty_line),
        guest_test(a_solo5_kernels_devices_have_the_manifests_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
