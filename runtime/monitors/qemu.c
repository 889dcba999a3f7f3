/*
 * QEMU: struct boot becomes an argv.
 *
 * Everything on it is ours but the guest's own command line, which is the one element behind -append. Without
 * defaults and user configuration, so that the same boot is the same machine on every host.
 */
#include "runtime/monitors/qemu.h"

#include <inttypes.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

enum {
    MEBIBYTE = 1024 * 1024,
    MEMORY_MIN = 2, /* MiB: below it the firmware does not start */
    /* MiB that translated code may take. QEMU's own default is 1 GiB, which would take a container over its
     * memory limit long after it started; a Linux guest boots in half of this. */
    TCG_CODE_SIZE = 64,
    OVERHEAD = 256, /* MiB: its own heap, that code cache, its page tables */
};

/* Numbers of QEMU's sets of descriptors. */
enum { STATUS_SET = 1, FIRST_DISK_SET = 2 };

static void add_pair(struct strings *argv, const char *option, const char *value)
{
    strings_add(argv, option);
    strings_add(argv, value);
}

static void add_machine(struct strings *argv, const struct monitor_config *config)
{
    add_pair(argv, "-machine", config->machine != NULL ? config->machine : QEMU_MACHINE);
    strings_add(argv, "-accel");
    if (qemu_uses_kvm(config)) {
        strings_add(argv, "kvm");
        add_pair(argv, "-cpu", "host");
    } else {
        strings_format(argv, "tcg,tb-size=%d", TCG_CODE_SIZE);
        add_pair(argv, "-cpu", "max");
    }
}

static int add_memory(struct strings *argv, const struct boot *boot, struct error *error)
{
    uint64_t mebibytes = boot->memory / MEBIBYTE;
    if (mebibytes < MEMORY_MIN)
        return error_set(error, "qemu: %" PRIu64 " bytes of memory for the guest: it needs %d MiB at least",
                         boot->memory, MEMORY_MIN);
    strings_add(argv, "-m");
    strings_format(argv, "size=%" PRIu64 "M", mebibytes);
    strings_add(argv, "-smp");
    strings_format(argv, "cpus=%u", boot->vcpus > 0 ? boot->vcpus : 1);
    return 0;
}

static void add_kernel(struct strings *argv, const struct boot *boot)
{
    add_pair(argv, "-kernel", boot->kernel);
    if (boot->initrd != NULL)
        add_pair(argv, "-initrd", boot->initrd);
    if (boot->command_line != NULL && *boot->command_line != '\0')
        add_pair(argv, "-append", boot->command_line);
}

/* The terminal's signals reach the guest as characters: it is not for ^C to end the monitor. */
static void add_console(struct strings *argv)
{
    add_pair(argv, "-display", "none");
    add_pair(argv, "-chardev", "stdio,id=console,signal=off");
    add_pair(argv, "-serial", "chardev:console");
}

/* By descriptor: QEMU opens "/dev/fdset/N" as a duplicate of what it was handed in set N. */
static int add_disk(struct strings *argv, size_t index, const struct boot_disk *disk, struct error *error)
{
    cleanup_free char *node = xasprintf("disk%zu", index);
    cleanup_free char *path = xasprintf("/dev/fdset/%zu", FIRST_DISK_SET + index);
    strings_add(argv, "-add-fd");
    strings_format(argv, "fd=%d,set=%zu", disk->fd, FIRST_DISK_SET + index);
    cleanup_json json_t *json =
        json_pack("{s:s, s:s, s:b, s:s, s:{s:s, s:s}}", "driver", "raw", "node-name", node, "read-only",
                  disk->readonly, "discard", "unmap", "file", "driver", "file", "filename", path);
    cleanup_free char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL)
        return error_set(error, "qemu: cannot describe the disk %s", path);
    add_pair(argv, "-blockdev", text);
    strings_add(argv, "-device");
    strings_format(argv, "virtio-blk-pci,drive=%s", node);
    return 0;
}

static void add_nic(struct strings *argv, size_t index, const struct boot_nic *nic, unsigned quirks)
{
    strings_add(argv, "-netdev");
    strings_format(argv, "tap,id=net%zu,fd=%d", index, nic->tap_fd);
    /* No option ROM: nothing boots from the network, and loading it takes longer than a small guest runs. */
    cleanup_buffer struct buffer device = {0};
    buffer_format(&device, "virtio-net-pci,netdev=net%zu,mac=%s,romfile=", index, nic->mac);
    if (nic->mtu != 0)
        buffer_format(&device, ",host_mtu=%u", nic->mtu);
    if (quirks & BOOT_QUIRK_MODERN_VIRTIO)
        buffer_add_string(&device, ",disable-legacy=on");
    add_pair(argv, "-device", device.data);
}

#ifdef __x86_64__
enum { QUIRKS = BOOT_QUIRK_EXIT_PORT | BOOT_QUIRK_MODERN_VIRTIO };

static void add_exit_ports(struct strings *argv, const struct boot *boot)
{
    if (boot->quirks & BOOT_QUIRK_EXIT_PORT) {
        strings_add(argv, "-device");
        strings_format(argv, "isa-debug-exit,iobase=0x%x,iosize=0x02", BOOT_EXIT_PORT);
    }
    if (boot->status_fd < 0)
        return;
    /* Without append QEMU truncates what it opens, which a pipe refuses. */
    strings_add(argv, "-add-fd");
    strings_format(argv, "fd=%d,set=%d", boot->status_fd, STATUS_SET);
    strings_add(argv, "-chardev");
    strings_format(argv, "file,id=status,path=/dev/fdset/%d,append=on", STATUS_SET);
    strings_add(argv, "-device");
    strings_format(argv, "isa-debugcon,iobase=0x%x,chardev=status", BOOT_STATUS_PORT);
}
#else
enum { QUIRKS = BOOT_QUIRK_MODERN_VIRTIO };

static void add_exit_ports(struct strings *argv, const struct boot *boot)
{
    (void)argv;
    (void)boot;
}
#endif

static int command(const struct boot *boot, const struct monitor_config *config, const char *program,
                   struct monitor_command *out, struct error *error)
{
    struct strings *argv = &out->argv;
    strings_add(argv, program);
    add_pair(argv, "-no-user-config", "-nodefaults");
    add_machine(argv, config);
    if (add_memory(argv, boot, error) < 0)
        return -1;
    strings_add(argv, "-no-reboot");
    add_console(argv);
    add_kernel(argv, boot);
    for (size_t i = 0; i < boot->disk_count; i++)
        if (add_disk(argv, i, &boot->disks[i], error) < 0)
            return -1;
    for (size_t i = 0; i < boot->nic_count; i++)
        add_nic(argv, i, &boot->nics[i], boot->quirks);
    add_exit_ports(argv, boot);
    if (boot->sandbox)
        add_pair(argv, "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    return 0;
}

DEFINE_MONITOR(qemu, QEMU_PROGRAM, qemu_files, command, .quirks = QUIRKS, .overhead = OVERHEAD);
