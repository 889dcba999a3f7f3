/* urunc-spt, the tender that comes with urunc (runtime/monitors/spt, docs/urunc-spt.1): struct boot becomes
 * an argv of descriptors. */
#include <inttypes.h>
#include <string.h>

#include "formats/kernel/probe.h"
#include "runtime/monitors/monitor.h"

enum {
    MEBIBYTE = 1024 * 1024,
    MEMORY_MIN = 2, /* MiB: the kernel's place begins at the first */
    OVERHEAD = 16,  /* MiB: page tables, for the most part; its own heap is gone once the guest runs */
};

static int files(const struct monitor_config *config, struct monitor_files *files, struct error *error)
{
    (void)config;
    (void)files;
    (void)error;
    return 0;
}

/* A network interface that the guest does not name is left out: a container has a network whether its program
 * wants one or not. */
static void add_nic(struct strings *argv, const struct boot_nic *nic)
{
    if (nic->name == NULL)
        return;
    strings_format(argv, "--net:%s=@%d", nic->name, nic->tap_fd);
    strings_format(argv, "--net-mac:%s=%s", nic->name, nic->mac);
    if (nic->mtu != 0)
        strings_format(argv, "--net-mtu:%s=%u", nic->name, nic->mtu);
}

static int add_disk(struct strings *argv, const struct boot_disk *disk, struct error *error)
{
    if (disk->name == NULL)
        return error_set(error, "%s: Solo5 attaches disks by name, and the guest does not name this one",
                         disk->path);
    strings_format(argv, "--block:%s=@%d", disk->name, disk->fd);
    if (disk->sector_size != 0)
        strings_format(argv, "--block-sector-size:%s=%u", disk->name, disk->sector_size);
    return 0;
}

static int add_command_line(struct strings *argv, const char *line, struct error *error)
{
    if (line == NULL || *line == '\0')
        return 0;
    if (strlen(line) > SOLO5_COMMAND_LINE_MAX)
        return error_set(error, "the guest's command line has %zu bytes, Solo5's has %d at most",
                         strlen(line), SOLO5_COMMAND_LINE_MAX);
    strings_add(argv, "--");
    strings_add(argv, line);
    return 0;
}

static int command(const struct boot *boot, const struct monitor_config *config, const char *program,
                   struct monitor_command *command, struct error *error)
{
    (void)config;
    struct strings *argv = &command->argv;
    uint64_t mebibytes = boot->memory / MEBIBYTE;
    if (mebibytes < MEMORY_MIN)
        return error_set(error, "%" PRIu64 " bytes of memory for the guest: Solo5 needs %d MiB at least",
                         boot->memory, MEMORY_MIN);
    strings_add(argv, program);
    strings_format(argv, "--mem=%" PRIu64, mebibytes);
    strings_format(argv, "--kernel=@%d", boot->kernel_fd);
    for (size_t i = 0; i < boot->nic_count; i++)
        add_nic(argv, &boot->nics[i]);
    for (size_t i = 0; i < boot->disk_count; i++)
        if (add_disk(argv, &boot->disks[i], error) < 0)
            return -1;
    return add_command_line(argv, boot->command_line, error);
}

DEFINE_MONITOR(spt_builtin, "urunc-spt", files, command, .overhead = OVERHEAD, .raw_taps = true,
               .opens_nothing = true, .unblocks_signals = true);
