/* Firecracker's command line and configuration file, against golden ones. */
#include "tests/unit/fixtures/monitor_fixture.h"

static const struct monitor_config none;

static void check(const struct boot *boot, const struct monitor_config *config, const char *const *argv,
                  const char *json)
{
    cleanup_monitor_command struct monitor_command command = {0};
    cleanup_error struct error error = {0};
    const struct monitor *monitor = monitor_find(HYPERVISOR_FIRECRACKER);
    assert_int_equal(monitor->command(boot, config, "/usr/bin/firecracker", &command, &error), 0);
    assert_strings(&command.argv, argv);
    assert_int_equal(command.generated_count, 1);
    assert_string_equal(command.generated[0].path, "/generated/vm.json");
    cleanup_free char *text = xstrndup(command.generated[0].bytes, command.generated[0].length);
    assert_string_equal(text, json);
}

#define ARGV                                                                                                 \
    "/usr/bin/firecracker", "--api-sock", "/manage/monitor.sock", "--level", "Error", "--config-file",       \
        "/generated/vm.json", NULL
static const char *const argv[] = {ARGV};

#define EXPECT(boot, config, json) check(boot, config, argv, json)
#define MACHINE                    "\"machine-config\":{\"mem_size_mib\":256,\"vcpu_count\":1}"
/* Keys are sorted. */
#define JSON(line, drives, interfaces)                                                                       \
    "{\"boot-source\":{\"boot_args\":\"" line                                                                \
    "\",\"kernel_image_path\":\"/guest/kernel\"},\"drives\":[" drives "]," MACHINE                           \
    ",\"network-interfaces\":[" interfaces "]}"

static struct boot sandboxed_boot(void)
{
    struct boot boot = smallest_boot();
    boot.sandbox = true;
    return boot;
}

/* An empty command line is said: without one Firecracker would take its own default. */
static void the_smallest_boot(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    EXPECT(&boot, &none, JSON("", "", ""));
}

static void everything_that_a_boot_can_have(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    boot.initrd = BOOT_INITRD_PATH;
    boot.command_line = xstrdup("console=ttyS0 -- app");
    boot_add_disk(&boot, 5, false);
    boot_add_disk(&boot, 6, true);
    add_tap(&boot, -1, "urunc0");
    add_tap(&boot, -1, "urunc1");
    boot.vcpus = 2;
    boot.memory = (UINT64_C(512) << 20) + 4096;
    boot.quirks = BOOT_QUIRK_EXIT_PORT | BOOT_QUIRK_MODERN_VIRTIO;
    EXPECT(&boot, &none,
           "{\"boot-source\":{\"boot_args\":\"console=ttyS0 -- app\",\"initrd_path\":\"/guest/initrd\","
           "\"kernel_image_path\":\"/guest/kernel\"},\"drives\":["
           "{\"drive_id\":\"disk0\",\"is_read_only\":false,\"is_root_device\":false,\"path_on_host\":"
           "\"/guest/disk0\"},"
           "{\"drive_id\":\"disk1\",\"is_read_only\":true,\"is_root_device\":false,\"path_on_host\":"
           "\"/guest/disk1\"}],"
           "\"machine-config\":{\"mem_size_mib\":512,\"vcpu_count\":2},\"network-interfaces\":["
           "{\"guest_mac\":\"02:42:ac:11:00:02\",\"host_dev_name\":\"urunc0\",\"iface_id\":\"net0\"},"
           "{\"guest_mac\":\"02:42:ac:11:00:02\",\"host_dev_name\":\"urunc1\",\"iface_id\":\"net1\"}]}");
}

/* It boots nothing; its description is there to be compared. */
static void one_that_is_restored_is_started_without_a_configuration(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    boot.incoming_fd = 9;
    static const char *const words[] = {
        "/usr/bin/firecracker", "--api-sock", "/manage/monitor.sock", "--level", "Error", NULL};
    check(&boot, &none, words, JSON("", "", ""));
}

static void a_linux_guest_is_asked_to_end_by_keys(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    cleanup_monitor_command struct monitor_command command = {0};
    cleanup_error struct error error = {0};
    boot.stops = BOOT_STOP_KEYS | BOOT_STOP_POWER_BUTTON;
    const struct monitor *monitor = monitor_find(HYPERVISOR_FIRECRACKER);
    assert_int_equal(monitor->command(&boot, &none, "/usr/bin/firecracker", &command, &error), 0);
#ifdef __x86_64__
    assert_int_equal(command.stops, BOOT_STOP_KEYS);
#else
    assert_int_equal(command.stops, 0);
#endif
}

/* Older ones refuse the key. */
static void the_mtu_is_told_from_1_16_on(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    add_tap(&boot, -1, "urunc0");
    struct monitor_config config = {.version = {1, 15, 9}};
    EXPECT(&boot, &config,
           JSON("", "",
                "{\"guest_mac\":\"02:42:ac:11:00:02\",\"host_dev_name\":\"urunc0\",\"iface_id\":\"net0\"}"));
    config.version = (struct version){1, 16, 0};
    EXPECT(&boot, &config,
           JSON("", "",
                "{\"guest_mac\":\"02:42:ac:11:00:02\",\"host_dev_name\":\"urunc0\",\"iface_id\":\"net0\","
                "\"mtu\":1400}"));
}

static void its_seccomp_is_off_only_where_the_bundle_says_unconfined(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    static const char *const unconfined[] = {
        "/usr/bin/firecracker", "--api-sock",    "/manage/monitor.sock", "--level", "Error",
        "--no-seccomp",         "--config-file", "/generated/vm.json",   NULL};
    check(&boot, &none, unconfined, JSON("", "", ""));
}

/* A text that would be further keys, options or paths for somebody who pasted it. */
static void a_hostile_command_line_is_one_string(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    boot.command_line = xstrdup("\",\"initrd_path\":\"/etc/shadow\" \\ --no-seccomp\n\x01 \xc3\xa9");
    EXPECT(&boot, &none,
           JSON("\\\",\\\"initrd_path\\\":\\\"/etc/shadow\\\" \\\\ --no-seccomp\\n\\u0001 \xc3\xa9", "", ""));
}

static void a_command_line_that_is_not_utf8_is_refused(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    boot.command_line = xstrdup("a \xff");
    assert_refused(HYPERVISOR_FIRECRACKER, &boot, &none,
                   "firecracker: the guest's command line is not UTF-8, which its configuration has to be");
}

static char *long_line(size_t length)
{
    char *line = xcalloc(1, length + 1);
    memset(line, 'a', length);
    return line;
}

/* 2,048 bytes with the NUL, of which it takes 8 for itself and 36 for each device. */
static void a_command_line_leaves_room_for_what_firecracker_adds(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    cleanup_monitor_command struct monitor_command command = {0};
    cleanup_error struct error error = {0};
    boot_add_disk(&boot, 5, true);
    boot.command_line = long_line(2047 - 8 - 36);
    assert_int_equal(monitor_find(HYPERVISOR_FIRECRACKER)->command(&boot, &none, "/f", &command, &error), 0);
    free(boot.command_line);
    boot.command_line = long_line(2047 - 8 - 36 + 1);
    assert_refused(HYPERVISOR_FIRECRACKER, &boot, &none,
                   "firecracker: the guest's command line has 2004 bytes, and there is room for 2003: its "
                   "limit is 2047, and it needs 44 for itself");
}

static void a_machine_that_it_cannot_make_is_refused(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = sandboxed_boot();
    boot.memory = (1 << 20) - 1;
    assert_refused(HYPERVISOR_FIRECRACKER, &boot, &none,
                   "firecracker: 1048575 bytes of memory for the guest: it needs 1 MiB at least");
    boot.memory = 1 << 20;
    boot.vcpus = 33;
    assert_refused(HYPERVISOR_FIRECRACKER, &boot, &none,
                   "firecracker: 33 processors for the guest: it gives 32 at most");
}

static void its_device_is_kvm(void **state)
{
    (void)state;
    cleanup_monitor_files struct monitor_files files = {0};
    cleanup_error struct error error = {0};
    const struct monitor *monitor = monitor_find(HYPERVISOR_FIRECRACKER);
    assert_int_equal(monitor->files(&none, &files, &error), 0);
    assert_strings(&files.devices, (const char *const[]){"/dev/kvm", NULL});
    assert_true(monitor->nics_by_name && monitor->disks_by_name && monitor->generates);
    assert_false(monitor->raw_taps || monitor->channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_boot),
        cmocka_unit_test(everything_that_a_boot_can_have),
        cmocka_unit_test(the_mtu_is_told_from_1_16_on),
        cmocka_unit_test(one_that_is_restored_is_started_without_a_configuration),
        cmocka_unit_test(a_linux_guest_is_asked_to_end_by_keys),
        cmocka_unit_test(its_seccomp_is_off_only_where_the_bundle_says_unconfined),
        cmocka_unit_test(a_hostile_command_line_is_one_string),
        cmocka_unit_test(a_command_line_that_is_not_utf8_is_refused),
        cmocka_unit_test(a_command_line_leaves_room_for_what_firecracker_adds),
        cmocka_unit_test(a_machine_that_it_cannot_make_is_refused),
        cmocka_unit_test(its_device_is_kvm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
