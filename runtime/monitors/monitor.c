/* The table of monitor drivers. */
#include "runtime/monitors/monitor.h"

#include "runtime/monitors/drivers.h"

const struct monitor *const monitors[] = {
    &monitor_qemu,
    NULL,
};

const struct monitor *monitor_find(enum hypervisor hypervisor)
{
    for (const struct monitor *const *monitor = monitors; *monitor != NULL; monitor++)
        if ((*monitor)->hypervisor == hypervisor)
            return *monitor;
    return NULL;
}

void monitor_files_free(struct monitor_files *files)
{
    strings_free(&files->data);
    strings_free(&files->modules);
    strings_free(&files->devices);
}
