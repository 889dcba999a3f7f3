/* The command lines of Solo5's tenders, against golden ones. */
#include "runtime/monitors/monitor.h"

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/temporary.h"

static struct boot smallest_boot(uint64_t mebibytes)
{
    return (struct boot){.kernel = BOOT_KERNEL_PATH, .memory = mebibytes << 20, .vcpus = 1};
}

static struct boot_disk *add_disk(struct boot *boot, const char *name)
{
    struct boot_disk *disk = boot_add_disk(boot, 6, false);
    disk->name = name != NULL ? xstrdup(name) : NULL;
    return disk;
}

static void add_nic(struct boot *boot, const char *name, const char *tap)
{
    struct boot_nic *nic = boot_add_nic(boot, -1);
    nic->name = name != NULL ? xstrdup(name) : NULL;
    snprintf(nic->tap, sizeof nic->tap, "%s", tap);
    snprintf(nic->mac, sizeof nic->mac, "02:42:ac:11:00:02");
}

static void assert_argv(enum hypervisor hypervisor, const struct boot *boot, const char *const *expected)
{
    cleanup_monitor_command struct monitor_command command = {0};
    cleanup_error struct error error = {0};
    const struct monitor_config config = {0};
    assert_int_equal(monitor_find(hypervisor)->command(boot, &config, "/usr/bin/tender", &command, &error),
                     0);
    size_t count = 0;
    for (; expected[count] != NULL; count++) {
        assert_true(count < command.argv.count);
        assert_string_equal(command.argv.items[count], expected[count]);
    }
    assert_int_equal(command.argv.count, count);
    assert_null(command.argv.items[count]);
    assert_int_equal(command.generated_count, 0);
}
#define ASSERT_ARGV(hypervisor, boot, ...)                                                                   \
    assert_argv(hypervisor, boot, (const char *const[]){"/usr/bin/tender", __VA_ARGS__, NULL})

static void assert_refused(enum hypervisor hypervisor, const struct boot *boot, const char *text)
{
    cleanup_monitor_command struct monitor_command command = {0};
    cleanup_error struct error error = {0};
    const struct monitor_config config = {0};
    assert_int_equal(monitor_find(hypervisor)->command(boot, &config, "/usr/bin/tender", &command, &error),
                     -1);
    assert_string_equal(error.message, text);
}

static const enum hypervisor tenders[] = {HYPERVISOR_HVT, HYPERVISOR_SPT};
#define FOR_EACH_TENDER(variable) for (size_t variable = 0; variable < 2; variable++)

static void the_smallest_boot(void **state)
{
    (void)state;
    FOR_EACH_TENDER(i)
    {
        cleanup_boot struct boot boot = smallest_boot(64);
        ASSERT_ARGV(tenders[i], &boot, "--mem=64", "--", "/guest/kernel");
        boot.command_line = xstrdup("");
        ASSERT_ARGV(tenders[i], &boot, "--mem=64", "--", "/guest/kernel");
    }
}

static void everything_that_a_boot_can_have(void **state)
{
    (void)state;
    FOR_EACH_TENDER(i)
    {
        cleanup_boot struct boot boot = smallest_boot(512);
        boot.command_line = xstrdup("--ipv4=10.0.0.2/24 --block:x=/etc/shadow \"a b\"  -- $(x)");
        add_nic(&boot, "service", "urunc12345678");
        add_nic(&boot, "private", "urunc87654321");
        add_disk(&boot, "storage");
        add_disk(&boot, "log")->sector_size = 4096;
        boot.vcpus = 4;
        boot.sandbox = true;
        boot.quirks = BOOT_QUIRK_EXIT_PORT;
        ASSERT_ARGV(tenders[i], &boot, "--mem=512", "--net:service=urunc12345678",
                    "--net-mac:service=02:42:ac:11:00:02", "--net:private=urunc87654321",
                    "--net-mac:private=02:42:ac:11:00:02", "--block:storage=/guest/disk0",
                    "--block:log=/guest/disk1", "--block-sector-size:log=4096", "--", "/guest/kernel",
                    "--ipv4=10.0.0.2/24 --block:x=/etc/shadow \"a b\"  -- $(x)");
    }
}

static void an_interface_that_the_guest_does_not_name_is_left_out(void **state)
{
    (void)state;
    FOR_EACH_TENDER(i)
    {
        cleanup_boot struct boot boot = smallest_boot(32);
        add_nic(&boot, NULL, "urunc12345678");
        ASSERT_ARGV(tenders[i], &boot, "--mem=32", "--", "/guest/kernel");
    }
}

static void a_disk_that_the_guest_does_not_name_is_refused(void **state)
{
    (void)state;
    FOR_EACH_TENDER(i)
    {
        cleanup_boot struct boot boot = smallest_boot(32);
        add_disk(&boot, NULL);
        assert_refused(tenders[i], &boot,
                       "/guest/disk0: Solo5 attaches disks by name, and the guest does not name this one");
    }
}

static void a_read_only_disk_is_refused(void **state)
{
    (void)state;
    FOR_EACH_TENDER(i)
    {
        cleanup_boot struct boot boot = smallest_boot(32);
        add_disk(&boot, "storage")->readonly = true;
        assert_refused(tenders[i], &boot,
                       "the disk storage is read-only (the rootfs is), and Solo5's tender opens disks for "
                       "reading and writing");
    }
}

static void a_command_line_has_8191_bytes_at_most(void **state)
{
    (void)state;
    FOR_EACH_TENDER(i)
    {
        cleanup_boot struct boot boot = smallest_boot(32);
        boot.command_line = xcalloc(1, 8193);
        memset(boot.command_line, 'x', 8191);
        ASSERT_ARGV(tenders[i], &boot, "--mem=32", "--", "/guest/kernel", boot.command_line);
        boot.command_line[8191] = 'x';
        assert_refused(tenders[i], &boot,
                       "the guest's command line has 8192 bytes, Solo5's has 8191 at most");
    }
}

static void hvt_gives_a_guest_whole_pages_of_its_own_and_less_than_4_gibibytes(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot(65);
    ASSERT_ARGV(HYPERVISOR_HVT, &boot, "--mem=64", "--", "/guest/kernel");
    boot.memory = UINT64_C(64) << 30;
    ASSERT_ARGV(HYPERVISOR_HVT, &boot, "--mem=4094", "--", "/guest/kernel");
    boot.memory = UINT64_C(1) << 20;
    assert_refused(HYPERVISOR_HVT, &boot,
                   "1048576 bytes of memory for the guest: Solo5 needs 2 MiB at least");
}

static void hvt_before_0_9_gives_1_gibibyte(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot(2048);
    const struct monitor_config config = {.version = {0, 8, 1}};
    cleanup_monitor_command struct monitor_command command = {0};
    cleanup_error struct error error = {0};
    const struct monitor *hvt = monitor_find(HYPERVISOR_HVT);
    assert_int_equal(hvt->command(&boot, &config, "/usr/bin/tender", &command, &error), 0);
    assert_string_equal(command.argv.items[1], "--mem=1024");
}

static void tenders_that_do_not_name_devices_are_too_old(void **state)
{
    (void)state;
    FOR_EACH_TENDER(i)
    {
        cleanup_error struct error error = {0};
        const struct monitor *tender = monitor_find(tenders[i]);
        const struct version old = {0, 4, 1}, good = {0, 6, 0};
        assert_int_equal(monitor_check_version(tender, "/x", &good, &error), 0);
        assert_int_equal(monitor_check_version(tender, "/x", &old, &error), -1);
    }
}

static void spt_has_no_such_limit(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot(65537);
    ASSERT_ARGV(HYPERVISOR_SPT, &boot, "--mem=65537", "--", "/guest/kernel");
    boot.memory = (1 << 20) - 1;
    assert_refused(HYPERVISOR_SPT, &boot,
                   "1048575 bytes of memory for the guest: Solo5 needs 1 MiB at least");
}

static void hvt_needs_kvm_and_spt_nothing(void **state)
{
    (void)state;
    FOR_EACH_TENDER(i)
    {
        cleanup_monitor_files struct monitor_files files = {0};
        cleanup_error struct error error = {0};
        const struct monitor_config config = {0};
        assert_int_equal(monitor_find(tenders[i])->files(&config, &files, &error), 0);
        assert_int_equal(files.devices.count, tenders[i] == HYPERVISOR_HVT ? 1 : 0);
        if (tenders[i] == HYPERVISOR_HVT)
            assert_string_equal(files.devices.items[0], "/dev/kvm");
        assert_int_equal(files.data.count + files.modules.count, 0);
    }
}

static void both_attach_by_name_and_to_raw_taps(void **state)
{
    (void)state;
    FOR_EACH_TENDER(i)
    {
        const struct monitor *tender = monitor_find(tenders[i]);
        assert_true(tender->nics_by_name);
        assert_true(tender->raw_taps);
        assert_true(tender->disks_by_name);
        assert_int_equal(tender->quirks, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_boot),
        cmocka_unit_test(everything_that_a_boot_can_have),
        cmocka_unit_test(an_interface_that_the_guest_does_not_name_is_left_out),
        cmocka_unit_test(a_disk_that_the_guest_does_not_name_is_refused),
        cmocka_unit_test(a_read_only_disk_is_refused),
        cmocka_unit_test(a_command_line_has_8191_bytes_at_most),
        cmocka_unit_test(hvt_gives_a_guest_whole_pages_of_its_own_and_less_than_4_gibibytes),
        cmocka_unit_test(hvt_before_0_9_gives_1_gibibyte),
        cmocka_unit_test(tenders_that_do_not_name_devices_are_too_old),
        cmocka_unit_test(spt_has_no_such_limit),
        cmocka_unit_test(hvt_needs_kvm_and_spt_nothing),
        cmocka_unit_test(both_attach_by_name_and_to_raw_taps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
