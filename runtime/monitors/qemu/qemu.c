/*
 * QEMU: struct boot becomes an argv.
 *
 * Everything on it is ours but the guest's own command line, which is the one element behind -append. Without
 * defaults and user configuration, so that the same boot is the same machine on every host.
 */
#include "runtime/monitors/qemu/qemu.h"

/* MiB: QEMU's own heap and page tables; where it emulates, translated code as well. */
enum {
    OVERHEAD = 256,
    FOOTPRINT = 48,
    FOOTPRINT_EMULATED = 112,
};

static const struct monitor_setting settings[] = {
    {"acceleration", SETTING_ACCELERATION, offsetof(struct monitor_config, acceleration)},
    {"machine", SETTING_WORD, offsetof(struct monitor_config, machine)},
    {"machine_options", SETTING_OPTIONS, offsetof(struct monitor_config, machine_options)},
    {"cpu", SETTING_OPTIONS, offsetof(struct monitor_config, cpu)},
    {"queues", SETTING_QUEUES, offsetof(struct monitor_config, queues)},
    {"vhost", SETTING_SWITCH, offsetof(struct monitor_config, vhost)},
    {0},
};

static void add_kernel(struct qemu_argv *argv)
{
    const struct boot *boot = argv->boot;
    if (argv->machine->isa && argv->machine->pci && (boot->quirks & BOOT_QUIRK_BOOT_LOADER))
        return; /* SeaBIOS boots the first disk */
    qemu_add(argv, "-kernel", boot->kernel);
    if (boot->initrd != NULL)
        qemu_add(argv, "-initrd", boot->initrd);
    if (boot->command_line != NULL && *boot->command_line != '\0')
        qemu_add(argv, "-append", boot->command_line);
}

#ifdef __x86_64__
enum { EXIT_PORT = BOOT_QUIRK_EXIT_PORT };
#else
enum { EXIT_PORT = 0 };
#endif
enum { QUIRKS = EXIT_PORT | BOOT_QUIRK_MODERN_VIRTIO | BOOT_QUIRK_CHANNEL | BOOT_QUIRK_PANIC_DEVICE };

static void add_exit_port(struct qemu_argv *argv)
{
    if (!argv->machine->isa || !(argv->boot->quirks & BOOT_QUIRK_EXIT_PORT))
        return;
    bool flag = argv->boot->exit == BOOT_EXIT_FLAG;
    qemu_format(argv, "-device", "isa-debug-exit,iobase=0x%x,iosize=0x%02x",
                flag ? BOOT_EXIT_FLAG_PORT : BOOT_EXIT_PORT, flag ? 4 : 2);
}

/* A guest's panic is then the end of QEMU, with status 1. */
static void add_panic_device(struct qemu_argv *argv)
{
    const struct version *version = &argv->config->version;
    if (!(argv->boot->quirks & BOOT_QUIRK_PANIC_DEVICE) || (!argv->machine->isa && !argv->machine->pci))
        return;
    /* exit-failure: qapi/run-state.json, "since 7.1". */
    if (version_is_known(version) && !version_at_least(version, 7, 1))
        return;
    qemu_add(argv, "-device", argv->machine->isa ? "pvpanic" : "pvpanic-pci");
    qemu_add(argv, "-action", "panic=exit-failure");
}

/* By descriptor, as all that it opens. */
static void add_saved_machine(struct qemu_argv *argv)
{
    if (argv->boot->incoming_fd >= 0)
        qemu_format(argv, "-incoming", "fd:%d", argv->boot->incoming_fd);
}

/* QMP (runtime/monitors/qemu/qmp.h). */
static void add_management(struct qemu_argv *argv, struct monitor_command *out)
{
    if (argv->boot->manage_fd < 0)
        return;
    qemu_format(argv, "-chardev", "socket,id=manage,fd=%d,server=on,wait=off", argv->boot->manage_fd);
    qemu_add(argv, "-mon", "chardev=manage,mode=control");
    if (argv->machine->isa && argv->machine->pci)
        out->stops = argv->boot->stops & BOOT_STOP_POWER_BUTTON;
}

static int command(const struct boot *boot, const struct monitor_config *config, const char *program,
                   struct monitor_command *out, struct error *error)
{
    struct qemu_argv argv = {.strings = &out->argv, .boot = boot, .config = config};
    argv.machine = qemu_machine_find(config, error);
    if (argv.machine == NULL)
        return -1;
    strings_add(argv.strings, program);
    qemu_add(&argv, "-no-user-config", "-nodefaults");
    if (qemu_add_machine(&argv, error) < 0)
        return -1;
    strings_add(argv.strings, "-no-reboot");
    qemu_add_console(&argv);
    add_management(&argv, out);
    add_saved_machine(&argv);
    add_kernel(&argv);
    if (qemu_add_disks(&argv, error) < 0 || qemu_add_nics(&argv, error) < 0)
        return -1;
    qemu_add_shares(&argv);
    add_exit_port(&argv);
    add_panic_device(&argv);
    if (boot->sandbox)
        qemu_add(&argv, "-sandbox",
                 "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    return 0;
}

DEFINE_MONITOR(qemu, QEMU_PROGRAM, qemu_files, command, .quirks = QUIRKS, .overhead = OVERHEAD,
               .footprint = FOOTPRINT, .footprint_emulated = FOOTPRINT_EMULATED, .channel = true,
               .disk_serials = true, .layers = true, .virtiofs = true, .management = &qemu_management,
               .settings = settings, .oldest = {.major = 5},
               .package = "the Debian package " QEMU_PACKAGE " has it");
