/* The last steps of the tender: this process becomes the guest. */
#ifndef RUNTIME_MONITORS_SPT_ENTER_H
#define RUNTIME_MONITORS_SPT_ENTER_H

#include <stdint.h>

#include "runtime/monitors/spt/filter.h"

/*
 * Lets SIGHUP, SIGINT, SIGQUIT and SIGTERM end the process with status 128 + N. Without a handler they would
 * not reach a container's first process (pid_namespaces(7)), and a guest has no way to install one. A signal
 * that is ignored stays so.
 */
int spt_end_by_signals(struct error *error);

/*
 * Installs the filter and jumps to the guest: the stack pointer below the memory's end, the boot
 * information's address as the one argument, nothing of the tender in the other registers. Returns only where
 * the filter cannot be installed.
 */
int spt_enter(const struct sock_fprog *filter, uint64_t memory, uint64_t entry, struct error *error);

#endif
