/* The built-in spt tender: a boot's descriptors on a command line, and when it takes solo5-spt's place. */
#include "formats/base/programs.h"
#include "tests/unit/fixtures/monitor_fixture.h"

static const struct monitor_config none = {.path = NULL};
static const struct monitor_config builtin = {.path = (char *)"builtin"};

static void assert_command(const struct boot *boot, const char *const *expected)
{
    cleanup_monitor_command struct monitor_command command = {0};
    cleanup_error struct error error = {0};
    const struct monitor *monitor = monitor_choose(HYPERVISOR_SPT, &builtin);
    if (monitor->command(boot, &builtin, "/usr/lib/urunc-spt", &command, &error) < 0)
        fail_msg("%s", error.message);
    assert_strings(&command.argv, expected);
}

static void refuse(const struct boot *boot, const char *message)
{
    cleanup_monitor_command struct monitor_command command = {0};
    cleanup_error struct error error = {0};
    const struct monitor *monitor = monitor_choose(HYPERVISOR_SPT, &builtin);
    assert_int_equal(monitor->command(boot, &builtin, "/p", &command, &error), -1);
    assert_string_equal(error.message, message);
}

static void test_the_smallest_boot(void **state)
{
    (void)state;
    struct boot boot = smallest_boot();
    boot.kernel_fd = 9;
    assert_command(&boot, (const char *const[]){"/usr/lib/urunc-spt", "--mem=256", "--kernel=@9", NULL});
}

static void test_everything(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot.kernel_fd = 9;
    boot.command_line = xstrdup("--ipv4=10.0.0.2/24 a  \"b\" --");
    add_tap(&boot, 5, "tap0")->name = xstrdup("service");
    boot_add_disk(&boot, 7, false)->name = xstrdup("storage");
    boot_add_disk(&boot, 8, true)->name = xstrdup("data");
    assert_command(&boot,
                   (const char *const[]){"/usr/lib/urunc-spt", "--mem=256", "--kernel=@9", "--net:service=@5",
                                         "--net-mac:service=02:42:ac:11:00:02", "--net-mtu:service=1400",
                                         "--block:storage=@7", "--block:data=@8", "--",
                                         "--ipv4=10.0.0.2/24 a  \"b\" --", NULL});
}

static void test_a_nic_without_a_name_is_left_out(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot.kernel_fd = 9;
    add_tap(&boot, 5, "tap0");
    assert_command(&boot, (const char *const[]){"/usr/lib/urunc-spt", "--mem=256", "--kernel=@9", NULL});
}

static void test_what_it_cannot_boot(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot.memory = (2 << 20) - 1;
    refuse(&boot, "2097151 bytes of memory for the guest: Solo5 needs 2 MiB at least");
    boot.memory = 2 << 20;
    boot.command_line = xcalloc(1, 8193);
    memset(boot.command_line, 'x', 8192);
    refuse(&boot, "the guest's command line has 8192 bytes, Solo5's has 8191 at most");
    boot_add_disk(&boot, 7, false);
    refuse(&boot, "/guest/disk0: Solo5 attaches disks by name, and the guest does not name this one");
}

static void test_it_gets_descriptors_and_opens_nothing(void **state)
{
    (void)state;
    const struct monitor *monitor = monitor_choose(HYPERVISOR_SPT, &builtin);
    assert_true(monitor->opens_nothing && monitor->raw_taps);
    assert_false(monitor->nics_by_name || monitor->disks_by_name || monitor->generates);
}

static void test_the_configuration_chooses(void **state)
{
    (void)state;
    const struct monitor *ordinary = monitor_find(HYPERVISOR_SPT);
    const struct monitor_config theirs = {.path = (char *)"/opt/solo5-spt"};
    const struct monitor_config ours = {.path = (char *)"/opt/bin/urunc-spt"};
    assert_ptr_equal(monitor_choose(HYPERVISOR_SPT, &builtin), ordinary->builtin);
    assert_ptr_equal(monitor_choose(HYPERVISOR_SPT, &ours), ordinary->builtin);
    assert_ptr_equal(monitor_choose(HYPERVISOR_SPT, &theirs), ordinary);
    assert_ptr_equal(monitor_choose(HYPERVISOR_HVT, &none), monitor_find(HYPERVISOR_HVT));
}

/* Where none is installed; a machine that has one shows the other half. */
static void test_it_takes_the_place_of_one_that_is_not_installed(void **state)
{
    (void)state;
    const struct monitor *ordinary = monitor_find(HYPERVISOR_SPT);
    cleanup_free char *installed = program_find(ordinary->program, NULL);
    assert_ptr_equal(monitor_choose(HYPERVISOR_SPT, &none), installed != NULL ? ordinary : ordinary->builtin);
}

static void test_a_builtin_that_was_not_installed_is_named(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_free char *program = monitor_find_program(HYPERVISOR_SPT, &builtin, &error);
    if (program != NULL) { /* this version or another is */
        assert_non_null(strstr(program, "/urunc/urunc-spt"));
        return;
    }
    assert_non_null(strstr(error.message, "/urunc/urunc-spt, which comes with urunc: No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_smallest_boot),
        cmocka_unit_test(test_everything),
        cmocka_unit_test(test_a_nic_without_a_name_is_left_out),
        cmocka_unit_test(test_what_it_cannot_boot),
        cmocka_unit_test(test_it_gets_descriptors_and_opens_nothing),
        cmocka_unit_test(test_the_configuration_chooses),
        cmocka_unit_test(test_it_takes_the_place_of_one_that_is_not_installed),
        cmocka_unit_test(test_a_builtin_that_was_not_installed_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
