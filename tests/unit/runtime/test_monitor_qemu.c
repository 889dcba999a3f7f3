/* QEMU's command line, against golden ones. */
#include "runtime/monitors/monitor.h"

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/temporary.h"

#ifdef __x86_64__
#define MACHINE "q35"
#else
#define MACHINE "virt"
#endif

static struct boot smallest_boot(void)
{
    return (struct boot){.kernel = BOOT_KERNEL_PATH,
                         .memory = UINT64_C(256) << 20,
                         .vcpus = 1,
                         .status_fd = -1,
                         .sandbox = false};
}

static const struct monitor_config tcg = {.acceleration = ACCELERATION_TCG};

static void assert_argv(const struct boot *boot, const struct monitor_config *config,
                        const char *const *expected)
{
    cleanup_monitor_command struct monitor_command command = {0};
    cleanup_error struct error error = {0};
    const struct monitor *qemu = monitor_find(HYPERVISOR_QEMU);
    assert_int_equal(qemu->command(boot, config, "/usr/bin/qemu", &command, &error), 0);
    const struct strings argv = command.argv;
    for (size_t i = 0; expected[i] != NULL; i++) {
        assert_true(i < argv.count);
        assert_string_equal(argv.items[i], expected[i]);
    }
    size_t count = 0;
    while (expected[count] != NULL)
        count++;
    assert_int_equal(argv.count, count);
    assert_null(argv.items[count]);
}
#define ASSERT_ARGV(boot, config, ...) assert_argv(boot, config, (const char *const[]){__VA_ARGS__, NULL})

#define PREFIX_TCG                                                                                           \
    "/usr/bin/qemu", "-no-user-config", "-nodefaults", "-machine", MACHINE, "-accel", "tcg,tb-size=64",      \
        "-cpu", "max"
#define CONSOLE                                                                                              \
    "-no-reboot", "-display", "none", "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"

static void the_smallest_boot(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel");
}

static void everything_that_a_boot_can_have(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot.initrd = BOOT_INITRD_PATH;
    boot.command_line = xstrdup("app -monitor stdio,x \"quoted\"");
    boot_add_disk(&boot, 5, false);
    boot_add_disk(&boot, 6, true);
    struct boot_nic *nic = boot_add_nic(&boot, 7);
    memcpy(nic->mac, "02:42:ac:11:00:02", sizeof nic->mac);
    nic->mtu = 1400;
    boot.vcpus = 2;
    boot.sandbox = true;
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=2", CONSOLE, "-kernel",
                "/guest/kernel", "-initrd", "/guest/initrd", "-append", "app -monitor stdio,x \"quoted\"",
                "-add-fd", "fd=5,set=2", "-blockdev",
                "{\"discard\":\"unmap\",\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"/"
                "dev/fdset/2\"},"
                "\"node-name\":\"disk0\",\"read-only\":false}",
                "-device", "virtio-blk-pci,drive=disk0", "-add-fd", "fd=6,set=3", "-blockdev",
                "{\"discard\":\"unmap\",\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"/"
                "dev/fdset/3\"},"
                "\"node-name\":\"disk1\",\"read-only\":true}",
                "-device", "virtio-blk-pci,drive=disk1", "-netdev", "tap,id=net0,fd=7", "-device",
                "virtio-net-pci,netdev=net0,mac=02:42:ac:11:00:02,romfile=,host_mtu=1400", "-sandbox",
                "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
}

static void a_guest_can_ask_for_modern_virtio(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    struct boot_nic *nic = boot_add_nic(&boot, 3);
    memcpy(nic->mac, "02:00:00:00:00:01", sizeof nic->mac);
    boot.quirks = BOOT_QUIRK_MODERN_VIRTIO;
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel", "-netdev", "tap,id=net0,fd=3", "-device",
                "virtio-net-pci,netdev=net0,mac=02:00:00:00:00:01,romfile=,disable-legacy=on");
}

#ifdef __x86_64__
static void a_guest_that_uses_the_exit_port_has_it_and_the_status_port_where_somebody_listens(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot.quirks = BOOT_QUIRK_EXIT_PORT;
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel", "-device", "isa-debug-exit,iobase=0x501,iosize=0x02");
    boot.status_fd = 9;
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel", "-device", "isa-debug-exit,iobase=0x501,iosize=0x02", "-add-fd",
                "fd=9,set=1", "-chardev", "file,id=status,path=/dev/fdset/1,append=on", "-device",
                "isa-debugcon,iobase=0x505,chardev=status");
}
#endif

static void the_operator_chooses_machine_and_acceleration(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    char machine[] = "pc,usb=off";
    const struct monitor_config config = {.acceleration = ACCELERATION_KVM, .machine = machine};
    ASSERT_ARGV(&boot, &config, "/usr/bin/qemu", "-no-user-config", "-nodefaults", "-machine", "pc,usb=off",
                "-accel", "kvm", "-cpu", "host", "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel");
}

static void memory_is_whole_mebibytes_and_at_least_two(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot.memory = (UINT64_C(3) << 20) - 1;
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=2M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel");
    boot.memory = 4096;
    cleanup_monitor_command struct monitor_command command = {0};
    cleanup_error struct error error = {0};
    const struct monitor *qemu = monitor_find(HYPERVISOR_QEMU);
    assert_int_equal(qemu->command(&boot, &tcg, "/usr/bin/qemu", &command, &error), -1);
    assert_string_equal(error.message, "qemu: 4096 bytes of memory for the guest: it needs 2 MiB at least");
}

static void hypervisors_without_a_driver_are_not_found(void **state)
{
    (void)state;
    assert_null(monitor_find(HYPERVISOR_FIRECRACKER));
    assert_null(monitor_find(HYPERVISOR_HVT));
}

#ifdef __x86_64__
static void files_are_looked_for_beside_the_program(void **state)
{
    struct temporary *temporary = *state;
    const char *root = temporary->path;
    temporary_write_text(temporary, "opt/bin/share/seabios/bios-256k.bin", "");
    temporary_write_text(temporary, "opt/bin/share/qemu/linuxboot_dma.bin", "");
    temporary_write_text(temporary, "opt/bin/lib/x-linux-gnu/qemu/accel-tcg-x86_64.so", "");
    temporary_write_text(temporary, "opt/bin/lib/x-linux-gnu/qemu/accel-tcg-aarch64.so", "");
    temporary_write_text(temporary, "opt/bin/lib/x-linux-gnu/qemu/ui-gtk.so", "");
    cleanup_free char *program = xasprintf("%s/opt/bin/bin/qemu-system-x86_64", root);
    const struct monitor_config config = {.acceleration = ACCELERATION_TCG, .path = program};
    struct monitor_files files = {0};
    cleanup_error struct error error = {0};
    assert_int_equal(monitor_find(HYPERVISOR_QEMU)->files(&config, &files, &error), 0);
    cleanup_free char *bios = xasprintf("%s/opt/bin/share/seabios/bios-256k.bin", root);
    cleanup_free char *linuxboot = xasprintf("%s/opt/bin/share/qemu/linuxboot_dma.bin", root);
    cleanup_free char *module = xasprintf("%s/opt/bin/lib/x-linux-gnu/qemu/accel-tcg-x86_64.so", root);
    assert_int_equal(files.data.count, 2);
    assert_string_equal(files.data.items[0], bios);
    assert_string_equal(files.data.items[1], linuxboot);
    assert_int_equal(files.modules.count, 1);
    assert_string_equal(files.modules.items[0], module);
    assert_int_equal(files.devices.count, 0);
    monitor_files_free(&files);
}

static void missing_firmware_is_named(void **state)
{
    struct temporary *temporary = *state;
    const char *root = temporary->path;
    cleanup_free char *program = xasprintf("%s/opt/bin/bin/qemu-system-x86_64", root);
    const struct monitor_config config = {.acceleration = ACCELERATION_KVM, .path = program};
    struct monitor_files files = {0};
    cleanup_error struct error error = {0};
    assert_int_equal(monitor_find(HYPERVISOR_QEMU)->files(&config, &files, &error), -1);
    cleanup_free char *expected =
        xasprintf("qemu: the firmware bios-256k.bin is not in %s/opt/bin/share/qemu or "
                  "%s/opt/bin/share/seabios: install it (Debian: seabios)",
                  root, root);
    assert_string_equal(error.message, expected);
    monitor_files_free(&files);
}
#endif

static void kvm_is_a_device_of_the_private_root(void **state)
{
    (void)state;
    const struct monitor_config config = {.acceleration = ACCELERATION_KVM};
    struct monitor_files files = {0};
    cleanup_error struct error error = {0};
    if (monitor_find(HYPERVISOR_QEMU)->files(&config, &files, &error) < 0)
        skip_because("QEMU is not installed");
    assert_int_equal(files.devices.count, 1);
    assert_string_equal(files.devices.items[0], "/dev/kvm");
    monitor_files_free(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_boot),
        cmocka_unit_test(everything_that_a_boot_can_have),
        cmocka_unit_test(a_guest_can_ask_for_modern_virtio),
        cmocka_unit_test(the_operator_chooses_machine_and_acceleration),
        cmocka_unit_test(memory_is_whole_mebibytes_and_at_least_two),
        cmocka_unit_test(hypervisors_without_a_driver_are_not_found),
        cmocka_unit_test(kvm_is_a_device_of_the_private_root),
#ifdef __x86_64__
        cmocka_unit_test(a_guest_that_uses_the_exit_port_has_it_and_the_status_port_where_somebody_listens),
        with_temporary(files_are_looked_for_beside_the_program),
        with_temporary(missing_firmware_is_named),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
