/* solo5-spt: Solo5 in an ordinary process, behind a seccomp filter of the tender's own. Its memory has no
 * upper limit where it is linked as a position-independent program, as Solo5 does today. */
#include "runtime/monitors/tender.h"

enum { OVERHEAD = 16 }; /* MiB: the tender's own heap and page tables */

static const struct tender_memory memory = {.maximum = 0, .unit = 1};

static int files(const struct monitor_config *config, struct monitor_files *files, struct error *error)
{
    (void)config;
    (void)files;
    (void)error;
    return 0;
}

static int command(const struct boot *boot, const struct monitor_config *config, const char *program,
                   struct monitor_command *command, struct error *error)
{
    (void)config;
    return tender_command(boot, &memory, program, command, error);
}

extern const struct monitor monitor_spt_builtin; /* spt_builtin.c */

DEFINE_MONITOR(spt, "solo5-spt", files, command, .overhead = OVERHEAD, .nics_by_name = true, .raw_taps = true,
               .disks_by_name = true, .builtin = &monitor_spt_builtin, .package = TENDER_PROJECT,
               .oldest = TENDER_OLDEST);
