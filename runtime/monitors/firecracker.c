/*
 * Firecracker: struct boot becomes a configuration file and an argv.
 *
 * Its machine has no power-off; a guest ends with the keyboard controller's reset. Its API is a socket that
 * it makes itself, in a directory of its root. Its own seccomp filters are on unless the bundle asks for
 * unconfined. It opens kernel, initrd and disks by name as its own user, and attaches to the tap by name: it
 * would silently make a missing one, but has no capability to do so. Its exit status is 0 after any end of
 * the guest, a triple fault included. Since 1.3 its own words stand before the first " -- " of the guest's
 * command line, if there is one.
 *
 * Sources: its repository's src/firecracker/src/main.rs, src/vmm/src/vmm_config/ and
 * src/vmm/src/arch/x86_64/layout.rs; linux-loader's src/cmdline/mod.rs.
 */
#include <inttypes.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/monitors/api/api.h"

enum {
    MEBIBYTE = 1024 * 1024,
    OVERHEAD = 64, /* MiB: less than 5 MiB of its own, KVM's tables, page tables */
    VCPUS_MAX = 32,
    COMMAND_LINE_SIZE = 2048, /* with the NUL */
    /* What it adds to the guest's command line, before its first " -- ": one word, and one for each device.
     */
    OWN_WORD = sizeof " pci=off" - 1,
    OWN_DEVICE_WORD = sizeof " virtio_mmio.device=4K@0xc0001000:15" - 1,
};

static int check_command_line(const struct boot *boot, const char *line, struct error *error)
{
    size_t own = OWN_WORD + OWN_DEVICE_WORD * (boot->disk_count + boot->nic_count);
    size_t available = own < COMMAND_LINE_SIZE ? COMMAND_LINE_SIZE - 1 - own : 0;
    size_t length = strlen(line);
    if (length > available)
        return error_set(
            error,
            "firecracker: the guest's command line has %zu bytes, and there is room for %zu: its "
            "limit is %d, and it needs %zu for itself",
            length, available, COMMAND_LINE_SIZE - 1, own);
    return 0;
}

static json_t *make_boot_source(const struct boot *boot, const char *line)
{
    json_t *source = json_pack("{s:s, s:s}", "kernel_image_path", boot->kernel, "boot_args", line);
    if (source != NULL && boot->initrd != NULL)
        json_object_set_new(source, "initrd_path", json_string(boot->initrd));
    return source;
}

/* None is the root device: for that one it would add words of its own to the command line. */
static json_t *make_drives(const struct boot *boot)
{
    json_t *drives = json_array();
    for (size_t i = 0; i < boot->disk_count; i++) {
        const struct boot_disk *disk = &boot->disks[i];
        cleanup_free char *id = xasprintf("disk%zu", i);
        json_array_append_new(drives,
                              json_pack("{s:s, s:s, s:b, s:b}", "drive_id", id, "path_on_host", disk->path,
                                        "is_root_device", 0, "is_read_only", disk->readonly));
    }
    return drives;
}

/* Unknown keys are errors, and "mtu" is known since 1.16. */
static json_t *make_interfaces(const struct boot *boot, const struct version *version)
{
    json_t *interfaces = json_array();
    for (size_t i = 0; i < boot->nic_count; i++) {
        const struct boot_nic *nic = &boot->nics[i];
        cleanup_free char *id = xasprintf("net%zu", i);
        json_t *interface =
            json_pack("{s:s, s:s, s:s}", "iface_id", id, "host_dev_name", nic->tap, "guest_mac", nic->mac);
        if (nic->mtu != 0 && version_at_least(version, 1, 16))
            json_object_set_new(interface, "mtu", json_integer(nic->mtu));
        json_array_append_new(interfaces, interface);
    }
    return interfaces;
}

static int add_config(const struct boot *boot, const struct version *version, uint64_t mebibytes,
                      struct monitor_command *command, struct error *error)
{
    const char *line = boot->command_line != NULL ? boot->command_line : "";
    json_t *source = make_boot_source(boot, line);
    if (source == NULL)
        return error_set(error, "firecracker: the guest's command line is not UTF-8, which its configuration "
                                "has to be");
    unsigned vcpus = boot->vcpus > 0 ? boot->vcpus : 1;
    cleanup_json json_t *config =
        json_pack("{s:o, s:{s:i, s:I}, s:o, s:o}", "boot-source", source, "machine-config", "vcpu_count",
                  (int)vcpus, "mem_size_mib", (json_int_t)mebibytes, "drives", make_drives(boot),
                  "network-interfaces", make_interfaces(boot, version));
    cleanup_free char *text = json_dumps(config, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL)
        return error_set(error, "firecracker: cannot describe the guest");
    /* One that goes on with a saved machine has it described all the same: saved_machine_check compares. */
    const char *path = monitor_generate(command, "vm.json", text, strlen(text));
    if (boot->incoming_fd >= 0)
        return 0;
    strings_add(&command->argv, "--config-file");
    strings_add(&command->argv, path);
    return 0;
}

static int command(const struct boot *boot, const struct monitor_config *config, const char *program,
                   struct monitor_command *out, struct error *error)
{
    uint64_t mebibytes = boot->memory / MEBIBYTE;
    if (mebibytes < 1)
        return error_set(error,
                         "firecracker: %" PRIu64 " bytes of memory for the guest: it needs 1 MiB at least",
                         boot->memory);
    if (boot->vcpus > VCPUS_MAX)
        return error_set(error, "firecracker: %u processors for the guest: it gives %d at most", boot->vcpus,
                         VCPUS_MAX);
    if (boot->command_line != NULL && check_command_line(boot, boot->command_line, error) < 0)
        return -1;
    strings_add(&out->argv, program);
    strings_add(&out->argv, "--api-sock");
    strings_add(&out->argv, BOOT_MANAGE_PATH);
    /* It logs to standard output, which is the guest's console. */
    strings_add(&out->argv, "--level");
    strings_add(&out->argv, "Error");
    if (!boot->sandbox)
        strings_add(&out->argv, "--no-seccomp");
#ifdef __x86_64__
    out->stops = boot->stops & BOOT_STOP_KEYS;
#endif
    return add_config(boot, &config->version, mebibytes, out, error);
}

static int files(const struct monitor_config *config, struct monitor_files *out, struct error *error)
{
    (void)config;
    (void)error;
    strings_add(&out->devices, "/dev/kvm");
    return 0;
}

DEFINE_MONITOR(firecracker, "firecracker", files, command, .quirks = BOOT_QUIRK_MODERN_VIRTIO,
               .overhead = OVERHEAD, .generates = true, .nics_by_name = true, .ends_by_reset = true,
               .disks_by_name = true, .management = &firecracker_management, .makes_socket = true,
               .oldest = {.major = 1, .minor = 3},
               .package = "it is at https://github.com/firecracker-microvm/firecracker/releases");
