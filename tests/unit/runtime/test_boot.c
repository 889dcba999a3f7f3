/* struct boot holds as many devices as a container has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/boot.h"

static void disks_are_numbered_in_the_private_root(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = BOOT_NONE;
    for (int i = 0; i < 40; i++)
        boot_add_disk(&boot, 100 + i, i % 2 == 1);
    assert_int_equal(boot.disk_count, 40);
    assert_string_equal(boot.disks[0].path, "/guest/disk0");
    assert_string_equal(boot.disks[39].path, "/guest/disk39");
    assert_int_equal(boot.disks[39].fd, 139);
    assert_true(boot.disks[39].readonly);
    assert_false(boot.disks[38].readonly);
    assert_null(boot.disks[0].name);
}

static void nics_are_as_many_as_were_added(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = BOOT_NONE;
    for (int i = 0; i < 9; i++)
        boot_add_nic(&boot, 7 + i)->mtu = 1500;
    assert_int_equal(boot.nic_count, 9);
    assert_int_equal(boot.nics[0].tap_fd, 7);
    assert_int_equal(boot.nics[8].tap_fd, 15);
    assert_int_equal(boot.nics[8].mtu, 1500);
}

static void a_boot_that_was_freed_is_empty(void **state)
{
    (void)state;
    struct boot boot = {.kernel_fd = 5};
    boot_add_disk(&boot, 3, false);
    boot_add_nic(&boot, 4);
    boot_free(&boot);
    assert_int_equal(boot.disk_count, 0);
    assert_int_equal(boot.nic_count, 0);
    assert_null(boot.disks);
    assert_int_equal(boot.kernel_fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disks_are_numbered_in_the_private_root),
        cmocka_unit_test(nics_are_as_many_as_were_added),
        cmocka_unit_test(a_boot_that_was_freed_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
