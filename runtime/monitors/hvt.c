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

/* Page tables for 4 GiB, of pages of 2 MiB (tenders/hvt/hvt_cpu_x86_64.c); from release 0.11 on the ring of a
 * network device comes on top. */
static const struct tender_memory memory = {.maximum = 4096 - 2, .unit = 2};

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
    (void)config;
    return tender_command(boot, &memory, program, command, error);
}

DEFINE_MONITOR(hvt, "solo5-hvt", files, command, .overhead = OVERHEAD, .nics_by_name = true, .raw_taps = true,
               .disks_by_name = true, .package = TENDER_PROJECT);
