/* Which exit status a monitor's reaper sees, for each way in which guests tell theirs. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/exit_status/convention.h"
#include "runtime/exit_status/exit_status.h"

/* As isa-debug-exit ends the monitor for V. */
static int port(int value)
{
    return value << 1 | 1;
}

static void every_reported_status_arrives(void **state)
{
    (void)state;
    for (int status = 0; status < 256; status++)
        assert_int_equal(exit_status_of(BOOT_EXIT_REPORT, port(BOOT_EXIT_REPORTED | status), true), status);
}

static void by_one_byte_the_last_value_is_zero(void **state)
{
    (void)state;
    assert_int_equal(exit_status_of(BOOT_EXIT_REPORT, port(BOOT_EXIT_BYTE_ZERO), true), 0);
    for (int status = 1; status < 255; status++)
        assert_int_equal(exit_status_of(BOOT_EXIT_REPORT, port(status), true), status);
}

static void a_guest_that_promised_a_report_and_gave_none_has_failed(void **state)
{
    (void)state;
    assert_int_equal(exit_status_of(BOOT_EXIT_REPORT, 0, true), 1);
    assert_int_equal(exit_status_of(BOOT_EXIT_REPORT, 1, true), 1); /* the monitor's own failure */
    assert_int_equal(exit_status_of(BOOT_EXIT_REPORT, 2, true), 2);
    assert_int_equal(exit_status_of(BOOT_EXIT_REPORT, -1, true), 255);
}

static void marks_are_an_end_and_a_crash(void **state)
{
    (void)state;
    assert_int_equal(exit_status_of(BOOT_EXIT_MARK, port(41), false), 0);
    assert_int_equal(exit_status_of(BOOT_EXIT_MARK, port(42), false), 1);
    assert_int_equal(exit_status_of(BOOT_EXIT_MARK, 0, true), 0);
    assert_int_equal(exit_status_of(BOOT_EXIT_MARK, 1, true), 1);
    assert_int_equal(exit_status_of(BOOT_EXIT_MARK, port(7), false), 15);
}

static void a_value_is_the_status(void **state)
{
    (void)state;
    for (int status = 0; status < 256; status++)
        assert_int_equal(exit_status_of(BOOT_EXIT_VALUE, port(status), false), status);
    assert_int_equal(exit_status_of(BOOT_EXIT_VALUE, 0, true), 0);
    assert_int_equal(exit_status_of(BOOT_EXIT_VALUE, 1, true), 1); /* the monitor's own failure */
}

static void a_flag_tells_success_and_its_absence_failure(void **state)
{
    (void)state;
    assert_int_equal(exit_status_of(BOOT_EXIT_FLAG, port(1), false), 0);
    assert_int_equal(exit_status_of(BOOT_EXIT_FLAG, port(0), false), 1);
    assert_int_equal(exit_status_of(BOOT_EXIT_FLAG, 0, true), 1);
    assert_int_equal(exit_status_of(BOOT_EXIT_FLAG, 1, true), 1); /* the monitor's own failure */
}

static void without_a_convention_the_status_is_the_monitors(void **state)
{
    (void)state;
    for (int status = 0; status < 256; status++)
        assert_int_equal(exit_status_of(BOOT_EXIT_UNKNOWN, status, true), status);
}

static void programs_of_other_loaders_are_left_alone(void **state)
{
    (void)state;
    assert_true(exit_status_fits("/proc/self/exe"));
    assert_false(exit_status_fits("/etc/os-release"));
    assert_false(exit_status_fits("/nonexistent"));
}

static void the_environment_names_the_convention(void **state)
{
    (void)state;
    cleanup_strings struct strings environment = {0};
    exit_status_add_environment(BOOT_EXIT_MARK, &environment);
    assert_int_equal(environment.count, 1);
    assert_string_equal(environment.items[0], "URUNC_EXIT_STATUS=2");
}

static void the_shared_object_travels_with_the_program(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    char magic[4];
    int fd = exit_status_open(&error);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, magic, sizeof magic, 0), sizeof magic);
    assert_memory_equal(magic, "\177ELF", 4);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reported_status_arrives),
        cmocka_unit_test(by_one_byte_the_last_value_is_zero),
        cmocka_unit_test(a_guest_that_promised_a_report_and_gave_none_has_failed),
        cmocka_unit_test(marks_are_an_end_and_a_crash),
        cmocka_unit_test(a_value_is_the_status),
        cmocka_unit_test(a_flag_tells_success_and_its_absence_failure),
        cmocka_unit_test(without_a_convention_the_status_is_the_monitors),
        cmocka_unit_test(programs_of_other_loaders_are_left_alone),
        cmocka_unit_test(the_environment_names_the_convention),
        cmocka_unit_test(the_shared_object_travels_with_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
