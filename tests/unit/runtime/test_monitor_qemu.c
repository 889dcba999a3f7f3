/* QEMU's command line, against golden ones. */
#include "runtime/monitors/monitor.h"

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/temporary.h"

#ifdef __x86_64__
#define MACHINE "q35"
#define CPU     "max,erms=off"
#else
#define MACHINE "virt"
#define CPU     "max"
#endif

static struct boot smallest_boot(void)
{
    struct boot boot = BOOT_NONE;
    boot.kernel = BOOT_KERNEL_PATH;
    boot.memory = UINT64_C(256) << 20;
    boot.vcpus = 1;
    return boot;
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
        "-cpu", CPU
#define CONSOLE                                                                                              \
    "-no-reboot", "-display", "none", "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"

static void the_smallest_boot(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel");
}

/* A disk of that number in that set of descriptors. The parentheses: one string, no list of them. */
#define BLOCKDEV(disk, descriptor, set, readonly)                                                            \
    "-add-fd", ("fd=" descriptor ",set=" set), "-blockdev",                                                  \
        ("{\"discard\":\"unmap\",\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"/dev/"      \
         "fdset/" set "\"},\"node-name\":\"disk" disk "\",\"read-only\":" readonly "}")

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
                BLOCKDEV("0", "5", "2", "false"), "-device", "virtio-blk-pci,drive=disk0,serial=disk0",
                BLOCKDEV("1", "6", "3", "true"), "-device", "virtio-blk-pci,drive=disk1,serial=disk1",
                "-netdev", "tap,id=net0,fd=7", "-device",
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

static void an_interface_can_have_several_queues_and_the_hosts_kernel(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    struct boot_nic *nic = boot_add_nic(&boot, 3);
    memcpy(nic->mac, "02:00:00:00:00:01", sizeof nic->mac);
    nic->vhosts[nic->vhost_count++] = 9;
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel", "-netdev", "tap,id=net0,fd=3,vhost=on,vhostfd=9", "-device",
                "virtio-net-pci,netdev=net0,mac=02:00:00:00:00:01,romfile=");
    nic->further_taps[nic->further_count++] = 4;
    nic->further_taps[nic->further_count++] = 5;
    nic->vhosts[nic->vhost_count++] = 10;
    nic->vhosts[nic->vhost_count++] = 11;
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel", "-netdev", "tap,id=net0,fds=3:4:5,vhost=on,vhostfds=9:10:11", "-device",
                "virtio-net-pci,netdev=net0,mac=02:00:00:00:00:01,mq=on,vectors=8,romfile=");
}

static void devices_that_a_guest_tells_by_their_order_have_slots_in_that_order(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot_add_disk(&boot, 5, false)->position = 2;
    struct boot_nic *nic = boot_add_nic(&boot, 3);
    memcpy(nic->mac, "02:00:00:00:00:01", sizeof nic->mac);
    nic->position = 1;
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel", BLOCKDEV("0", "5", "2", "false"), "-device",
                "virtio-blk-pci,drive=disk0,serial=disk0,addr=0x3", "-netdev", "tap,id=net0,fd=3", "-device",
                "virtio-net-pci,netdev=net0,mac=02:00:00:00:00:01,romfile=,addr=0x2");
    boot.nics[0].position = 30;
    cleanup_monitor_command struct monitor_command command = {0};
    cleanup_error struct error error = {0};
    assert_int_equal(monitor_find(HYPERVISOR_QEMU)->command(&boot, &tcg, "/usr/bin/qemu", &command, &error),
                     -1);
    assert_string_equal(error.message,
                        "qemu: the guest has 30 devices in an order, and its PCI bus has places for 29");
}

/* Of what guests listen to, QEMU's PCs have the power button. */
static void only_a_pc_has_the_power_button(void **state)
{
    (void)state;
    const struct {
        const char *machine;
        int manage_fd;
        unsigned stops;
    } cases[] = {
        {"q35", 9, BOOT_STOP_POWER_BUTTON},
        {"pc", 9, BOOT_STOP_POWER_BUTTON},
        {"q35", -1, 0},
        {"microvm", 9, 0},
        {"virt", 9, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_monitor_command struct monitor_command command = {0};
        cleanup_error struct error error = {0};
        cleanup_boot struct boot boot = smallest_boot();
        const struct monitor_config config = {.acceleration = ACCELERATION_TCG,
                                              .machine = (char *)cases[i].machine};
        boot.manage_fd = cases[i].manage_fd;
        boot.stops = BOOT_STOP_POWER_BUTTON;
        assert_int_equal(
            monitor_find(HYPERVISOR_QEMU)->command(&boot, &config, "/usr/bin/qemu", &command, &error), 0);
        assert_int_equal(command.stops, cases[i].stops);
    }
}

static void a_saved_machine_is_read_from_its_descriptor(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot.incoming_fd = 8;
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-incoming", "fd:8",
                "-kernel", "/guest/kernel");
}

static void the_management_socket_is_a_monitor_of_its_protocol(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot.manage_fd = 9;
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-chardev",
                "socket,id=manage,fd=9,server=on,wait=off", "-mon", "chardev=manage,mode=control", "-kernel",
                "/guest/kernel");
}

#ifdef __x86_64__
static void a_guest_that_uses_the_exit_port_has_it(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot.quirks = BOOT_QUIRK_EXIT_PORT;
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel", "-device", "isa-debug-exit,iobase=0x501,iosize=0x02");
    boot.exit = BOOT_EXIT_FLAG;
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04");
}

static void an_old_guest_has_an_old_chip_set_unless_the_operator_chose_one(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot.quirks = BOOT_QUIRK_OLD_PC;
    ASSERT_ARGV(&boot, &tcg, "/usr/bin/qemu", "-no-user-config", "-nodefaults", "-machine", "pc", "-accel",
                "tcg,tb-size=64", "-cpu", CPU, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel");
    char machine[] = "q35";
    struct monitor_config config = {.acceleration = ACCELERATION_TCG, .machine = machine};
    ASSERT_ARGV(&boot, &config, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel");
}

static bool is_given_a_kernel(const struct boot *boot, char *machine)
{
    struct monitor_config config = {.acceleration = ACCELERATION_TCG, .machine = machine};
    cleanup_monitor_command struct monitor_command command = {0};
    struct error error = {0};
    assert_int_equal(monitor_qemu.command(boot, &config, "/usr/bin/qemu", &command, &error), 0);
    assert_true(strings_contain(&command.argv, "virtio-blk-pci,drive=disk0,serial=disk0") ||
                strcmp(machine, "microvm") == 0);
    return strings_contain(&command.argv, "-kernel");
}

static void a_disk_with_a_boot_loader_is_booted_by_a_pcs_firmware(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    char pc[] = "pc", q35[] = "q35", microvm[] = "microvm";
    boot_add_disk(&boot, 5, true);
    assert_true(is_given_a_kernel(&boot, pc));
    boot.quirks = BOOT_QUIRK_BOOT_LOADER;
    assert_false(is_given_a_kernel(&boot, pc));
    assert_false(is_given_a_kernel(&boot, q35));
    assert_true(is_given_a_kernel(&boot, microvm));
}
#endif

#define CHANNEL_BEFORE                                                                                       \
    "/usr/bin/qemu", "-no-user-config", "-nodefaults", "-machine", MACHINE, "-accel", "tcg,tb-size=64",      \
        "-cpu", CPU, "-m", "size=256M", "-smp", "cpus=1", "-no-reboot", "-display", "none"
#define CHANNEL_DEVICE "-device", "virtio-serial-pci,id=channel,ioeventfd=off"
#define CHANNEL_FOUR                                                                                         \
    "-device", "virtserialport,bus=channel.0,nr=1,name=urunc.stdin,chardev=stdin", "-device",                \
        "virtserialport,bus=channel.0,nr=2,name=urunc.stdout,chardev=stdout", "-device",                     \
        "virtserialport,bus=channel.0,nr=3,name=urunc.stderr,chardev=stderr", "-device",                     \
        "virtserialport,bus=channel.0,nr=4,name=urunc.control,chardev=control", "-kernel", "/guest/kernel"
#define CHANNEL_PORTS "-serial", "chardev:console", CHANNEL_DEVICE, CHANNEL_FOUR

static struct boot channel_boot(void)
{
    struct boot boot = smallest_boot();
    boot.quirks = BOOT_QUIRK_CHANNEL;
    boot.channel = (struct boot_channel){
        .output = {.fd = 11}, .error = {.fd = 12}, .console_fd = -1, .control_fd = 14, .window_fd = -1};
    return boot;
}

static void the_channel_is_four_ports_and_the_console_goes_to_standard_error(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = channel_boot();
    ASSERT_ARGV(&boot, &tcg, CHANNEL_BEFORE, "-add-fd", "fd=11,set=0", "-add-fd", "fd=12,set=1", "-chardev",
                "stdio,id=stdin,signal=off", "-chardev", "file,id=stdout,path=/dev/fdset/0,append=on",
                "-chardev", "file,id=stderr,path=/dev/fdset/1,append=on", "-chardev",
                "file,id=console,path=/dev/fdset/1,append=on", "-chardev",
                "socket,id=control,fd=14,server=on,wait=off", CHANNEL_PORTS);
}

static void output_that_is_a_socket_is_used_as_one(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = channel_boot();
    boot.channel.output.socket = boot.channel.error.socket = true;
    boot.channel.console_fd = 13;
    ASSERT_ARGV(&boot, &tcg, CHANNEL_BEFORE, "-chardev", "stdio,id=stdin,signal=off", "-chardev",
                "socket,id=stdout,fd=11", "-chardev", "socket,id=stderr,fd=12", "-chardev",
                "socket,id=console,fd=13", "-chardev", "socket,id=control,fd=14,server=on,wait=off",
                CHANNEL_PORTS);
}

/* Before the others: runtime/channel.h. */
static void the_sizes_of_a_terminal_have_the_first_port(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = channel_boot();
    boot.channel.window_fd = 15;
    ASSERT_ARGV(&boot, &tcg, CHANNEL_BEFORE, "-add-fd", "fd=11,set=0", "-add-fd", "fd=12,set=1", "-chardev",
                "stdio,id=stdin,signal=off", "-chardev", "file,id=stdout,path=/dev/fdset/0,append=on",
                "-chardev", "file,id=stderr,path=/dev/fdset/1,append=on", "-chardev",
                "file,id=console,path=/dev/fdset/1,append=on", "-chardev",
                "socket,id=control,fd=14,server=on,wait=off", "-chardev", "socket,id=window,fd=15", "-serial",
                "chardev:console", CHANNEL_DEVICE, "-device",
                "virtserialport,bus=channel.0,nr=5,name=urunc.window,chardev=window", CHANNEL_FOUR);
}

static void from_7_1_on_a_panic_ends_qemu_with_a_failure(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot.quirks = BOOT_QUIRK_PANIC_DEVICE;
#ifdef __x86_64__
    const char *device = "pvpanic";
#else
    const char *device = "pvpanic-pci";
#endif
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel", "-device", device, "-action", "panic=exit-failure");
    struct monitor_config config = {.acceleration = ACCELERATION_TCG, .version = {7, 1, 0}};
    ASSERT_ARGV(&boot, &config, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel", "-device", device, "-action", "panic=exit-failure");
    config.version = (struct version){7, 0, 9};
    ASSERT_ARGV(&boot, &config, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel");
}

static void the_operator_chooses_machine_acceleration_and_processor(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    char machine[] = "pc", options[] = "usb=off,hpet=off", cpu[] = "host,arch-capabilities=off";
    struct monitor_config config = {.acceleration = ACCELERATION_KVM, .machine = machine};
    ASSERT_ARGV(&boot, &config, "/usr/bin/qemu", "-no-user-config", "-nodefaults", "-machine", "pc", "-accel",
                "kvm", "-cpu", "host", "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel");
    config.machine_options = options;
    config.cpu = cpu;
    ASSERT_ARGV(&boot, &config, "/usr/bin/qemu", "-no-user-config", "-nodefaults", "-machine",
                "pc,usb=off,hpet=off", "-accel", "kvm", "-cpu", "host,arch-capabilities=off", "-m",
                "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel", "/guest/kernel");
}

/* What every machine is given, with everything that a boot can have besides the channel. */
static void fill(struct boot *boot)
{
    boot->initrd = BOOT_INITRD_PATH;
    boot->command_line = xstrdup("app");
    boot_add_disk(boot, 5, false);
    boot_add_disk(boot, 6, true);
    struct boot_nic *nic = boot_add_nic(boot, 7);
    memcpy(nic->mac, "02:42:ac:11:00:02", sizeof nic->mac);
    nic->mtu = 1400;
    boot_add_share(boot, "fs0", -1, true);
    boot->quirks = BOOT_QUIRK_EXIT_PORT | BOOT_QUIRK_MODERN_VIRTIO;
    boot->vcpus = 3;
    boot->sandbox = true;
}

#define MACHINE_TCG(machine)                                                                                 \
    "/usr/bin/qemu", "-no-user-config", "-nodefaults", "-machine", machine, "-accel", "tcg,tb-size=64",      \
        "-cpu", CPU, "-m", "size=256M", "-smp", "cpus=3", CONSOLE, "-kernel", "/guest/kernel", "-initrd",    \
        "/guest/initrd", "-append", "app"
#define EXIT_PORT "-device", "isa-debug-exit,iobase=0x501,iosize=0x02"
#define SANDBOX   "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
#define SHARE     "-fsdev", "local,id=share0,path=/guest/share0,security_model=none,multidevs=remap,readonly=on"
#define PCI_DEVICES                                                                                          \
    BLOCKDEV("0", "5", "2", "false"), "-device", "virtio-blk-pci,drive=disk0,serial=disk0",                  \
        BLOCKDEV("1", "6", "3", "true"), "-device", "virtio-blk-pci,drive=disk1,serial=disk1", "-netdev",    \
        "tap,id=net0,fd=7", "-device",                                                                       \
        "virtio-net-pci,netdev=net0,mac=02:42:ac:11:00:02,romfile=,host_mtu=1400,disable-legacy=on", SHARE,  \
        "-device", "virtio-9p-pci,fsdev=share0,mount_tag=fs0"

static void machines_of_pci_have_devices_on_it(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    fill(&boot);
    char machine[] = "pc";
    struct monitor_config config = {.acceleration = ACCELERATION_TCG, .machine = machine};
    ASSERT_ARGV(&boot, &config, MACHINE_TCG("pc"), PCI_DEVICES, EXIT_PORT, SANDBOX);
    char q35[] = "pc-q35-7.2";
    config.machine = q35;
    ASSERT_ARGV(&boot, &config, MACHINE_TCG("pc-q35-7.2"), PCI_DEVICES, EXIT_PORT, SANDBOX);
}

static void a_machine_without_io_ports_has_no_exit_port(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    fill(&boot);
    char machine[] = "virt";
    const struct monitor_config config = {.acceleration = ACCELERATION_TCG, .machine = machine};
    ASSERT_ARGV(&boot, &config, MACHINE_TCG("virt"), PCI_DEVICES, SANDBOX);
}

/* On transports by number, so that the first disk is the guest's first one. */
static void microvm_has_devices_on_mmio(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    fill(&boot);
    char machine[] = "microvm", options[] = "pit=off";
    const struct monitor_config config = {
        .acceleration = ACCELERATION_TCG, .machine = machine, .machine_options = options};
    ASSERT_ARGV(
        &boot, &config, MACHINE_TCG("microvm,pit=off"), BLOCKDEV("0", "5", "2", "false"), "-device",
        "virtio-blk-device,bus=virtio-mmio-bus.0,drive=disk0,serial=disk0", BLOCKDEV("1", "6", "3", "true"),
        "-device", "virtio-blk-device,bus=virtio-mmio-bus.1,drive=disk1,serial=disk1", "-global",
        "virtio-mmio.force-legacy=false", "-netdev", "tap,id=net0,fd=7", "-device",
        "virtio-net-device,bus=virtio-mmio-bus.2,netdev=net0,mac=02:42:ac:11:00:02,host_mtu=1400", SHARE,
        "-device", "virtio-9p-device,bus=virtio-mmio-bus.3,fsdev=share0,mount_tag=fs0", EXIT_PORT, SANDBOX);
}

static void microvm_has_one_interrupt_for_all_queues(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    struct boot_nic *nic = boot_add_nic(&boot, 3);
    memcpy(nic->mac, "02:00:00:00:00:01", sizeof nic->mac);
    nic->further_taps[nic->further_count++] = 4;
    char machine[] = "microvm";
    const struct monitor_config config = {.acceleration = ACCELERATION_TCG, .machine = machine};
    ASSERT_ARGV(&boot, &config, "/usr/bin/qemu", "-no-user-config", "-nodefaults", "-machine", "microvm",
                "-accel", "tcg,tb-size=64", "-cpu", CPU, "-m", "size=256M", "-smp", "cpus=1", CONSOLE,
                "-kernel", "/guest/kernel", "-netdev", "tap,id=net0,fds=3:4", "-device",
                "virtio-net-device,bus=virtio-mmio-bus.0,netdev=net0,mac=02:00:00:00:00:01,mq=on");
}

/* A guest without legacy drivers finds its disk, whether or not it has a network. */
static void microvm_without_a_network_has_modern_disks(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot.quirks = BOOT_QUIRK_MODERN_VIRTIO;
    boot_add_disk(&boot, 5, false);
    char machine[] = "microvm";
    const struct monitor_config config = {.acceleration = ACCELERATION_TCG, .machine = machine};
    ASSERT_ARGV(&boot, &config, "/usr/bin/qemu", "-no-user-config", "-nodefaults", "-machine", "microvm",
                "-accel", "tcg,tb-size=64", "-cpu", CPU, "-m", "size=256M", "-smp", "cpus=1", CONSOLE,
                "-kernel", "/guest/kernel", BLOCKDEV("0", "5", "2", "false"), "-device",
                "virtio-blk-device,bus=virtio-mmio-bus.0,drive=disk0,serial=disk0", "-global",
                "virtio-mmio.force-legacy=false");
}

static void a_share_is_writable_unless_it_is_said(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot_add_share(&boot, "fs0", -1, false);
    ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                "/guest/kernel", "-fsdev",
                "local,id=share0,path=/guest/share0,security_model=none,multidevs=remap,readonly=off",
                "-device", "virtio-9p-pci,fsdev=share0,mount_tag=fs0");
}

static void a_share_by_virtiofs_is_a_connection_and_shared_memory(void **state)
{
    (void)state;
    cleanup_boot struct boot boot = smallest_boot();
    boot_add_share(&boot, "fs0", 9, false);
    boot_add_share(&boot, "fs1", 10, true);
    ASSERT_ARGV(&boot, &tcg, "/usr/bin/qemu", "-no-user-config", "-nodefaults", "-machine",
                MACHINE ",memory-backend=memory", "-object",
                "memory-backend-memfd,id=memory,share=on,size=256M", "-accel", "tcg,tb-size=64", "-cpu", CPU,
                "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel", "/guest/kernel", "-chardev",
                "socket,id=share0,fd=9", "-device", "vhost-user-fs-pci,chardev=share0,tag=fs0", "-chardev",
                "socket,id=share1,fd=10", "-device", "vhost-user-fs-pci,chardev=share1,tag=fs1");
}

#ifdef __x86_64__
static void a_share_by_virtiofs_has_its_transport_on_microvm(void **state)
{
    (void)state;
    char machine[] = "microvm";
    const struct monitor_config config = {.acceleration = ACCELERATION_TCG, .machine = machine};
    cleanup_boot struct boot boot = smallest_boot();
    boot_add_disk(&boot, 5, false);
    boot_add_share(&boot, "fs0", 9, false);
    ASSERT_ARGV(&boot, &config, "/usr/bin/qemu", "-no-user-config", "-nodefaults", "-machine",
                "microvm,memory-backend=memory", "-object",
                "memory-backend-memfd,id=memory,share=on,size=256M", "-accel", "tcg,tb-size=64", "-cpu", CPU,
                "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel", "/guest/kernel",
                BLOCKDEV("0", "5", "2", "false"), "-device",
                "virtio-blk-device,bus=virtio-mmio-bus.0,drive=disk0,serial=disk0", "-chardev",
                "socket,id=share0,fd=9", "-device",
                "vhost-user-fs-device,bus=virtio-mmio-bus.1,chardev=share0,tag=fs0");
}
#endif

static void an_unknown_machine_is_refused_before_the_start(void **state)
{
    (void)state;
    char machine[] = "isapc";
    const struct monitor_config config = {.acceleration = ACCELERATION_TCG, .machine = machine};
    cleanup_boot struct boot boot = smallest_boot();
    cleanup_monitor_command struct monitor_command command = {0};
    cleanup_monitor_files struct monitor_files files = {0};
    cleanup_error struct error error = {0};
    const struct monitor *qemu = monitor_find(HYPERVISOR_QEMU);
    assert_int_equal(qemu->files(&config, &files, &error), -1);
    assert_string_equal(error.message,
                        "urunc's configuration: monitors.qemu.machine: \"isapc\" is not a machine that urunc "
                        "drives; they are pc, q35 and microvm (x86-64) and virt (arm64)");
    error_clear(&error);
    assert_int_equal(qemu->command(&boot, &config, "/usr/bin/qemu", &command, &error), -1);
}

/* A line that would be options, JSON or two arguments for somebody who split it. */
static void a_hostile_command_line_is_one_element(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "-device virtio-blk-pci", "\" -incoming exec:id \"", "a\nb\t,readonly=off", "", " ",
        "\xff\xfe \xc3\xa9",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        cleanup_boot struct boot boot = smallest_boot();
        boot.command_line = xstrdup(lines[i]);
        if (*lines[i] == '\0')
            ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                        "/guest/kernel");
        else
            ASSERT_ARGV(&boot, &tcg, PREFIX_TCG, "-m", "size=256M", "-smp", "cpus=1", CONSOLE, "-kernel",
                        "/guest/kernel", "-append", lines[i]);
    }
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
        cmocka_unit_test(an_interface_can_have_several_queues_and_the_hosts_kernel),
        cmocka_unit_test(devices_that_a_guest_tells_by_their_order_have_slots_in_that_order),
        cmocka_unit_test(the_channel_is_four_ports_and_the_console_goes_to_standard_error),
        cmocka_unit_test(the_sizes_of_a_terminal_have_the_first_port),
        cmocka_unit_test(output_that_is_a_socket_is_used_as_one),
        cmocka_unit_test(from_7_1_on_a_panic_ends_qemu_with_a_failure),
        cmocka_unit_test(the_operator_chooses_machine_acceleration_and_processor),
        cmocka_unit_test(machines_of_pci_have_devices_on_it),
        cmocka_unit_test(a_machine_without_io_ports_has_no_exit_port),
        cmocka_unit_test(microvm_has_devices_on_mmio),
        cmocka_unit_test(microvm_has_one_interrupt_for_all_queues),
        cmocka_unit_test(microvm_without_a_network_has_modern_disks),
        cmocka_unit_test(a_share_is_writable_unless_it_is_said),
        cmocka_unit_test(a_share_by_virtiofs_is_a_connection_and_shared_memory),
#ifdef __x86_64__
        cmocka_unit_test(a_share_by_virtiofs_has_its_transport_on_microvm),
#endif
        cmocka_unit_test(an_unknown_machine_is_refused_before_the_start),
        cmocka_unit_test(a_hostile_command_line_is_one_element),
        cmocka_unit_test(memory_is_whole_mebibytes_and_at_least_two),
        cmocka_unit_test(kvm_is_a_device_of_the_private_root),
        cmocka_unit_test(the_management_socket_is_a_monitor_of_its_protocol),
        cmocka_unit_test(only_a_pc_has_the_power_button),
        cmocka_unit_test(a_saved_machine_is_read_from_its_descriptor),
#ifdef __x86_64__
        cmocka_unit_test(a_guest_that_uses_the_exit_port_has_it),
        cmocka_unit_test(a_disk_with_a_boot_loader_is_booted_by_a_pcs_firmware),
        cmocka_unit_test(an_old_guest_has_an_old_chip_set_unless_the_operator_chose_one),
        with_temporary(files_are_looked_for_beside_the_program),
        with_temporary(missing_firmware_is_named),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
