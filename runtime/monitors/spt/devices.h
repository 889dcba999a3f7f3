/* What the tender was handed as devices: looked at, and brought together with what the kernel declares. */
#ifndef RUNTIME_MONITORS_SPT_DEVICES_H
#define RUNTIME_MONITORS_SPT_DEVICES_H

#include "runtime/monitors/spt/abi.h"
#include "runtime/monitors/spt/options.h"

/*
 * Looks at each device's descriptor and makes it ready. A disk is a regular file or a block device, open for
 * reading, at least one block long and a multiple of it; its capacity is found. A network device is a tap
 * with bare frames (no vnet header), or a socket that keeps packets apart; it becomes
 * non-blocking, and gets an address by chance where it was given none.
 */
int spt_devices_check(struct spt_options *options, struct error *error);

/* The manifest as the guest reads it. Each device that the kernel declares must be there, and no other. */
int spt_devices_attach(const struct spt_options *options, const struct kernel_probe *kernel,
                       struct spt_manifest *manifest, struct error *error);

#endif
