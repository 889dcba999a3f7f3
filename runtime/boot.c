#include "runtime/boot.h"

#include <stdlib.h>

#include "formats/base/memory.h"

char *boot_disk_path(size_t index)
{
    return xasprintf("/guest/disk%zu", index);
}

char *boot_disk_serial(size_t index)
{
    return xasprintf("disk%zu", index);
}

char *boot_share_path(size_t index)
{
    return xasprintf("/guest/share%zu", index);
}

struct boot_disk *boot_add_disk(struct boot *boot, int fd, bool readonly)
{
    boot->disks = xreallocarray(boot->disks, boot->disk_count + 1, sizeof *boot->disks);
    struct boot_disk *disk = &boot->disks[boot->disk_count];
    *disk = (struct boot_disk){
        .path = boot_disk_path(boot->disk_count), .fd = fd, .readonly = readonly, .backing = -1};
    boot->disk_count++;
    return disk;
}

struct boot_nic *boot_add_nic(struct boot *boot, int tap_fd)
{
    boot->nics = xreallocarray(boot->nics, boot->nic_count + 1, sizeof *boot->nics);
    struct boot_nic *nic = &boot->nics[boot->nic_count++];
    *nic = (struct boot_nic){.tap_fd = tap_fd};
    return nic;
}

struct boot_share *boot_add_share(struct boot *boot, const char *tag, int server, bool readonly)
{
    boot->shares = xreallocarray(boot->shares, boot->share_count + 1, sizeof *boot->shares);
    struct boot_share *share = &boot->shares[boot->share_count];
    *share = (struct boot_share){.tag = xstrdup(tag),
                                 .path = boot_share_path(boot->share_count),
                                 .server = server,
                                 .readonly = readonly};
    boot->share_count++;
    return share;
}

void boot_free(struct boot *boot)
{
    for (size_t i = 0; i < boot->disk_count; i++) {
        free(boot->disks[i].name);
        free(boot->disks[i].path);
    }
    for (size_t i = 0; i < boot->nic_count; i++)
        free(boot->nics[i].name);
    for (size_t i = 0; i < boot->share_count; i++) {
        free(boot->shares[i].tag);
        free(boot->shares[i].path);
    }
    free(boot->shares);
    free(boot->disks);
    free(boot->nics);
    free(boot->command_line);
    *boot = BOOT_NONE;
}
