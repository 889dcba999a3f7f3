/*
 * solo5-hvt: Solo5 on KVM.
 *
 * From release 0.11 on it installs a seccomp filter of its own and starts a thread for each boot with a
 * network device; before that it has the bundle's filter alone.
 */
#include "runtime/monitors/tender.h"

enum {
    OVERHEAD = 32
}; /* MiB: its heap and stacks, KVM's page tables, the ring that it shares with a guest */

/* Page tables for 4 GiB, of pages of 2 MiB (tenders/hvt/hvt_cpu_x86_64.c), before release 0.9 for 1 GiB; from
 * 0.11 on the ring of a network device comes on top. */
static struct tender_memory memory_of(const struct version *version)
{
    bool is_small = version_is_known(version) && !version_at_least(version, 0, 9);
    return (struct tender_memory){.maximum = is_small ? 1024 : 4096 - 2, .unit = 2};
}

static int files(const struct monitor_config *config, struct monitor_files *files, struct error *error)
{
    (void)config;
    (void)error;
    strings_add(&files->devices, "/dev/kvm");
    return 0;
}

static int command(const struct boot *boot, const struct monitor_config *config, const char *program,
                   struct monitor_command *command, struct error *error)
{
    const struct tender_memory memory = memory_of(&config->version);
    return tender_command(boot, &memory, program, command, error);
}

DEFINE_MONITOR(hvt, "solo5-hvt", files, command, .overhead = OVERHEAD, .nics_by_name = true, .raw_taps = true,
               .disks_by_name = true, .package = TENDER_PROJECT, .oldest = TENDER_OLDEST);
