/* What a container's unikernel consists of: its annotations, the drivers they name, and its files, opened. */
#ifndef RUNTIME_PROCESS_GUEST_SETUP_H
#define RUNTIME_PROCESS_GUEST_SETUP_H

#include <stdbool.h>

#include "formats/contract/unikernel.h"
#include "formats/kernel/probe.h"
#include "runtime/bundle/bundle.h"
#include "runtime/config.h"
#include "runtime/guests/guest.h"
#include "runtime/monitors/monitor.h"

struct guest_setup {
    struct unikernel unikernel;
    const struct guest *guest;
    const struct monitor *monitor;
    struct kernel_probe probe;
    char *program;   /* the monitor's: absolute path on the host; owned */
    int kernel_tree; /* detached mounts of what was opened (sandbox/mounts.h); owned; -1: none */
    int initrd_tree;
    int block_tree;
    int block_fd; /* the block image itself, opened; owned; -1: none */
    bool block_readonly;
};

#define GUEST_SETUP_NONE                                                                                     \
    ((struct guest_setup){.kernel_tree = -1, .initrd_tree = -1, .block_tree = -1, .block_fd = -1})

/* Reads the annotations of config.json, else /urunc.json in the rootfs (design, section 3). */
enum unikernel_found guest_setup_read(const struct bundle *bundle, struct unikernel *unikernel,
                                      struct error *error);

/* Finds the drivers and the monitor's program, checks that they fit each other and the kernel, and opens the
 * files beneath the rootfs. `files->unikernel` was read. */
int guest_setup_open(const struct bundle *bundle, const struct config *config, struct guest_setup *files,
                     struct error *error);
void guest_setup_free(struct guest_setup *files);

/* The configuration of the monitor that was chosen. */
static inline const struct monitor_config *guest_monitor_config(const struct guest_setup *files,
                                                                const struct config *config)
{
    return &config->monitors[files->unikernel.hypervisor];
}

#endif
