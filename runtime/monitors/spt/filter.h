/* The seccomp filter around the guest: the system calls that its ABI has, with their arguments. */
#ifndef RUNTIME_MONITORS_SPT_FILTER_H
#define RUNTIME_MONITORS_SPT_FILTER_H

#include <linux/filter.h>

#include "formats/base/error.h"
#include "runtime/monitors/spt/abi.h"

/*
 * Compiles the filter: whatever is not listed ends the process by SIGSYS.
 *
 *     write            to standard output
 *     epoll_pwait      on the epoll set, without a signal mask
 *     timerfd_settime  on the timer
 *     clock_gettime    CLOCK_MONOTONIC, CLOCK_REALTIME
 *     exit_group
 *     arch_prctl       ARCH_SET_FS (x86-64)
 *     read, write      on each network device
 *     pread, pwrite    on each block device: one block, within its capacity
 */
int spt_filter_compile(const struct spt_boot_info *info, const struct spt_manifest *manifest,
                       struct sock_fprog *filter, struct error *error);

/* Puts it on top of what is installed. From then on this process can do no more than its guest may. */
int spt_filter_install(const struct sock_fprog *filter, struct error *error);

/* Releases what spt_filter_compile allocated. */
void spt_filter_free(struct sock_fprog *filter);
#define cleanup_spt_filter __attribute__((cleanup(spt_filter_free)))

#endif
