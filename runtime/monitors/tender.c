#include "runtime/monitors/tender.h"

#include <inttypes.h>
#include <string.h>

#include "formats/base/memory.h"

enum { MEBIBYTE = 1024 * 1024 };

/* The container's limit may be more than the tender can give to a guest; then the guest has less. */
static int add_memory(struct strings *argv, const struct boot *boot, const struct tender_memory *limits,
                      struct error *error)
{
    uint64_t mebibytes = boot->memory / MEBIBYTE;
    if (limits->maximum != 0 && mebibytes > limits->maximum)
        mebibytes = limits->maximum;
    mebibytes -= mebibytes % limits->unit;
    if (mebibytes == 0)
        return error_set(error, "%" PRIu64 " bytes of memory for the guest: Solo5 needs %u MiB at least",
                         boot->memory, limits->unit);
    strings_format(argv, "--mem=%" PRIu64, mebibytes);
    return 0;
}

static void add_nic(struct strings *argv, const struct boot_nic *nic)
{
    if (nic->name == NULL)
        return;
    strings_format(argv, "--net:%s=%s", nic->name, nic->tap);
    strings_format(argv, "--net-mac:%s=%s", nic->name, nic->mac);
}

static int add_disk(struct strings *argv, const struct boot_disk *disk, struct error *error)
{
    if (disk->name == NULL)
        return error_set(error, "%s: Solo5 attaches disks by name, and the guest does not name this one",
                         disk->path);
    if (disk->readonly)
        return error_set(
            error,
            "the disk %s is read-only (the rootfs is), and Solo5's tender opens disks for reading "
            "and writing",
            disk->name);
    strings_format(argv, "--block:%s=%s", disk->name, disk->path);
    if (disk->sector_size != 0)
        strings_format(argv, "--block-sector-size:%s=%u", disk->name, disk->sector_size);
    return 0;
}

static int add_kernel(struct strings *argv, const struct boot *boot, struct error *error)
{
    const char *line = boot->command_line != NULL ? boot->command_line : "";
    if (strlen(line) > SOLO5_COMMAND_LINE_MAX)
        return error_set(error, "the guest's command line has %zu bytes, Solo5's has %d at most",
                         strlen(line), SOLO5_COMMAND_LINE_MAX);
    strings_add(argv, "--");
    strings_add(argv, boot->kernel);
    if (*line != '\0')
        strings_add(argv, line);
    return 0;
}

int tender_command(const struct boot *boot, const struct tender_memory *memory, const char *program,
                   struct monitor_command *command, struct error *error)
{
    struct strings *argv = &command->argv;
    strings_add(argv, program);
    if (add_memory(argv, boot, memory, error) < 0)
        return -1;
    for (size_t i = 0; i < boot->nic_count; i++)
        add_nic(argv, &boot->nics[i]);
    for (size_t i = 0; i < boot->disk_count; i++)
        if (add_disk(argv, &boot->disks[i], error) < 0)
            return -1;
    return add_kernel(argv, boot, error);
}
