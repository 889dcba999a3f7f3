/*
 * Cloud Hypervisor: struct boot becomes an argv.
 *
 * Everything on it is ours but the guest's own command line, which is one element with its option
 * ("--cmdline=..."), because the parser would take a separate one that begins with a hyphen for an option.
 * Taps reach it as descriptors; kernel, initrd and disks it opens by name as its own user. The guest's
 * console is the serial port; it reads standard input where that is a terminal only.
 *
 * Sources: its repository's cloud-hypervisor/src/main.rs, vmm/src/config.rs, vmm/src/vm.rs and
 * arch/src/<architecture>/layout.rs; linux-loader's src/cmdline/mod.rs.
 */
#include <inttypes.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/monitors/api/api.h"

enum {
    MEBIBYTE = 1024 * 1024,
    OVERHEAD = 128, /* MiB: its threads and queues, KVM's tables, page tables */
#ifdef __x86_64__
    COMMAND_LINE_SIZE = 65536, /* with the NUL */
#else
    COMMAND_LINE_SIZE = 2048,
#endif
};

static int check_command_line(const char *line, struct error *error)
{
    size_t length = strlen(line);
    if (length >= COMMAND_LINE_SIZE)
        return error_set(error, "cloud-hypervisor: the guest's command line has %zu bytes, its limit is %d",
                         length, COMMAND_LINE_SIZE - 1);
    for (size_t i = 0; i < length; i++)
        if (line[i] < ' ' || line[i] > '~')
            return error_set(
                error,
                "cloud-hypervisor: the guest's command line has the byte 0x%02x at position %zu, "
                "and it passes on printable ASCII alone",
                (unsigned char)line[i], i + 1);
    return 0;
}

static int add_kernel(const struct boot *boot, struct strings *argv, struct error *error)
{
    strings_add(argv, "--kernel");
    strings_add(argv, boot->kernel);
    if (boot->initrd != NULL) {
        strings_add(argv, "--initramfs");
        strings_add(argv, boot->initrd);
    }
    if (boot->command_line == NULL || *boot->command_line == '\0')
        return 0;
    if (check_command_line(boot->command_line, error) < 0)
        return -1;
    strings_format(argv, "--cmdline=%s", boot->command_line);
    return 0;
}

static int add_machine(const struct boot *boot, struct strings *argv, struct error *error)
{
    uint64_t mebibytes = boot->memory / MEBIBYTE;
    if (mebibytes < 1)
        return error_set(
            error, "cloud-hypervisor: %" PRIu64 " bytes of memory for the guest: it needs 1 MiB at least",
            boot->memory);
    strings_add(argv, "--memory");
    strings_format(argv, "size=%" PRIu64 "M", mebibytes);
    strings_add(argv, "--cpus");
    strings_format(argv, "boot=%u", boot->vcpus > 0 ? boot->vcpus : 1);
    return 0;
}

/* num_queues counts those of both directions. */
static void add_nic(const struct boot_nic *nic, struct strings *argv)
{
    if (nic->further_count == 0) {
        strings_format(argv, "fd=%d,mac=%s", nic->tap_fd, nic->mac);
        return;
    }
    cleanup_buffer struct buffer option = {0};
    buffer_format(&option, "fd=[%d", nic->tap_fd);
    for (size_t i = 0; i < nic->further_count; i++)
        buffer_format(&option, ",%d", nic->further_taps[i]);
    strings_format(argv, "%s],mac=%s,num_queues=%zu", option.data, nic->mac, 2 * (1 + nic->further_count));
}

/* Since 51 a disk whose format is not said is one whose first sector cannot be written. */
static void add_devices(const struct boot *boot, const struct version *version, struct strings *argv)
{
    const char *format = version_at_least(version, 51, 0) ? ",image_type=raw" : "";
    if (boot->disk_count > 0)
        strings_add(argv, "--disk");
    for (size_t i = 0; i < boot->disk_count; i++) {
        cleanup_free char *serial = boot_disk_serial(i);
        strings_format(argv, "path=%s,readonly=%s,serial=%s%s", boot->disks[i].path,
                       boot->disks[i].readonly ? "on" : "off", serial, format);
    }
    if (boot->nic_count > 0)
        strings_add(argv, "--net");
    for (size_t i = 0; i < boot->nic_count; i++)
        add_nic(&boot->nics[i], argv);
}

static int command(const struct boot *boot, const struct monitor_config *config, const char *program,
                   struct monitor_command *out, struct error *error)
{
    struct strings *argv = &out->argv;
    strings_add(argv, program);
    if (add_kernel(boot, argv, error) < 0 || add_machine(boot, argv, error) < 0)
        return -1;
    add_devices(boot, &config->version, argv);
    strings_add(argv, "--serial");
    strings_add(argv, "tty");
    strings_add(argv, "--console");
    strings_add(argv, "off");
    strings_add(argv, "--seccomp");
    strings_add(argv, boot->sandbox ? "true" : "false");
    if (boot->manage_fd >= 0) {
        strings_add(argv, "--api-socket");
        strings_format(argv, "fd=%d", boot->manage_fd);
    }
    return 0;
}

static int files(const struct monitor_config *config, struct monitor_files *out, struct error *error)
{
    (void)config;
    (void)error;
    strings_add(&out->devices, "/dev/kvm");
    return 0;
}

static const struct monitor_setting settings[] = {
    {"queues", SETTING_QUEUES, offsetof(struct monitor_config, queues)},
    {0},
};

DEFINE_MONITOR(cloud_hypervisor, "cloud-hypervisor", files, command, .settings = settings,
               .quirks = BOOT_QUIRK_MODERN_VIRTIO, .overhead = OVERHEAD, .disks_by_name = true,
               .disk_serials = true, .management = &cloud_hypervisor_management, .oldest = {.major = 39},
               .package = "it is at https://github.com/cloud-hypervisor/cloud-hypervisor/releases");
