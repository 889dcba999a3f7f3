/* Cloud Hypervisor's command line, against golden ones. */
#include "tests/unit/fixtures/monitor_fixture.h"

static const struct monitor_config none;

static void check(const struct boot *boot, const struct monitor_config *config, const char *const *argv)
{
    cleanup_monitor_command struct monitor_command command = {0};
    cleanup_error struct error error = {0};
    const struct monitor *monitor = monitor_find(HYPERVISOR_CLOUD_HYPERVISOR);
    assert_int_equal(monitor->command(boot, config, "/usr/bin/chv", &command, &error), 0);
    assert_strings(&command.argv, argv);
    assert_int_equal(command.generated_count, 0);
}
#define EXPECT(boot, config, ...) check(boot, config, (const char *const[]){__VA_ARGS__, NULL})
#define SMALL                     "--memory", "size=256M", "--cpus", "boot=1"
#define CONSOLE                   "--serial", "tty", "--console", "off", "--seccomp", "true"

static struct boot sandboxed_boot(void)
{
    struct boot boot = smallest_boot();
    boot.sandbox = true;
    return boot;
}

static void the_smallest_boot(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    EXPECT(&boot, &none, "/usr/bin/chv", "--kernel", "/guest/kernel", SMALL, CONSOLE);
    boot.command_line = xstrdup("");
    EXPECT(&boot, &none, "/usr/bin/chv", "--kernel", "/guest/kernel", SMALL, CONSOLE);
}

static void everything_that_a_boot_can_have(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    boot.initrd = BOOT_INITRD_PATH;
    boot.command_line = xstrdup("console=ttyS0 -- app \"a b\"");
    boot_add_disk(&boot, 5, false);
    boot_add_disk(&boot, 6, true);
    add_tap(&boot, 7, "urunc0");
    add_tap(&boot, 8, "urunc1");
    boot.vcpus = 2;
    boot.memory = (UINT64_C(512) << 20) + 4096;
    boot.quirks = BOOT_QUIRK_EXIT_PORT | BOOT_QUIRK_MODERN_VIRTIO;
    EXPECT(&boot, &none, "/usr/bin/chv", "--kernel", "/guest/kernel", "--initramfs", "/guest/initrd",
           "--cmdline=console=ttyS0 -- app \"a b\"", "--memory", "size=512M", "--cpus", "boot=2", "--disk",
           "path=/guest/disk0,readonly=off,serial=disk0", "path=/guest/disk1,readonly=on,serial=disk1",
           "--net", "fd=7,mac=02:42:ac:11:00:02", "fd=8,mac=02:42:ac:11:00:02", CONSOLE);
}

static void an_interface_can_have_several_queues(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    add_tap(&boot, 7, "urunc0");
    boot.nics[0].further_taps[boot.nics[0].further_count++] = 9;
    EXPECT(&boot, &none, "/usr/bin/chv", "--kernel", "/guest/kernel", "--memory", "size=256M", "--cpus",
           "boot=1", "--net", "fd=[7,9],mac=02:42:ac:11:00:02,num_queues=4", CONSOLE);
}

/* Without it the first sector would be read-only; older ones do not know it. */
static void the_format_of_a_disk_is_told_from_51_on(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    boot_add_disk(&boot, 5, false);
    struct monitor_config config = {.version = {50, 2, 0}};
    EXPECT(&boot, &config, "/usr/bin/chv", "--kernel", "/guest/kernel", SMALL, "--disk",
           "path=/guest/disk0,readonly=off,serial=disk0", CONSOLE);
    config.version = (struct version){51, 0, 0};
    EXPECT(&boot, &config, "/usr/bin/chv", "--kernel", "/guest/kernel", SMALL, "--disk",
           "path=/guest/disk0,readonly=off,serial=disk0,image_type=raw", CONSOLE);
}

static void its_seccomp_is_off_only_where_the_bundle_says_unconfined(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    EXPECT(&boot, &none, "/usr/bin/chv", "--kernel", "/guest/kernel", SMALL, "--serial", "tty", "--console",
           "off", "--seccomp", "false");
}

static void its_api_is_the_inherited_socket(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    boot.manage_fd = 7;
    EXPECT(&boot, &none, "/usr/bin/chv", "--kernel", "/guest/kernel", SMALL, CONSOLE, "--api-socket", "fd=7");
}

/* One element with its option, so that a hyphen begins no other one. */
static void a_command_line_is_no_option(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    boot.command_line = xstrdup("--api-socket path=/x --seccomp false");
    EXPECT(&boot, &none, "/usr/bin/chv", "--kernel", "/guest/kernel",
           "--cmdline=--api-socket path=/x --seccomp false", SMALL, CONSOLE);
}

static void a_command_line_that_it_would_refuse_is_refused_before_the_start(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    boot.command_line = xstrdup("caf\xc3\xa9");
    assert_refused(
        HYPERVISOR_CLOUD_HYPERVISOR, &boot, &none,
        "cloud-hypervisor: the guest's command line has the byte 0xc3 at position 4, and it passes "
        "on printable ASCII alone");
    boot.command_line[3] = '\t';
    boot.command_line[4] = '\0';
    assert_refused(
        HYPERVISOR_CLOUD_HYPERVISOR, &boot, &none,
        "cloud-hypervisor: the guest's command line has the byte 0x09 at position 4, and it passes "
        "on printable ASCII alone");
}

#ifdef __x86_64__
static void a_command_line_of_64_kib_is_too_long(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    boot.command_line = xcalloc(1, 65537);
    memset(boot.command_line, ' ', 65536);
    assert_refused(HYPERVISOR_CLOUD_HYPERVISOR, &boot, &none,
                   "cloud-hypervisor: the guest's command line has 65536 bytes, its limit is 65535");
}
#endif

static void too_little_memory_is_refused(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    boot.memory = 4096;
    assert_refused(HYPERVISOR_CLOUD_HYPERVISOR, &boot, &none,
                   "cloud-hypervisor: 4096 bytes of memory for the guest: it needs 1 MiB at least");
}

static void its_device_is_kvm(void **state)
{
    (void)state;
    cleanup_monitor_files struct monitor_files files = {0};
    cleanup_error struct error error = {0};
    const struct monitor *monitor = monitor_find(HYPERVISOR_CLOUD_HYPERVISOR);
    assert_int_equal(monitor->files(&none, &files, &error), 0);
    assert_strings(&files.devices, (const char *const[]){"/dev/kvm", NULL});
    assert_true(monitor->disks_by_name);
    assert_false(monitor->nics_by_name || monitor->generates || monitor->raw_taps || monitor->channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_boot),
        cmocka_unit_test(everything_that_a_boot_can_have),
        cmocka_unit_test(an_interface_can_have_several_queues),
        cmocka_unit_test(the_format_of_a_disk_is_told_from_51_on),
        cmocka_unit_test(its_seccomp_is_off_only_where_the_bundle_says_unconfined),
        cmocka_unit_test(its_api_is_the_inherited_socket),
        cmocka_unit_test(a_command_line_is_no_option),
        cmocka_unit_test(a_command_line_that_it_would_refuse_is_refused_before_the_start),
#ifdef __x86_64__
        cmocka_unit_test(a_command_line_of_64_kib_is_too_long),
#endif
        cmocka_unit_test(too_little_memory_is_refused),
        cmocka_unit_test(its_device_is_kvm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
