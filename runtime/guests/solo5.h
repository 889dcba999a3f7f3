/* Guests on Solo5: the devices that a kernel's manifest declares, and the command line. */
#ifndef RUNTIME_GUESTS_SOLO5_H
#define RUNTIME_GUESTS_SOLO5_H

#include "runtime/guests/guest.h"

/*
 * Names the boot's devices as the kernel's manifest does, in its order: its first network device is the first
 * nic, its first block device the first disk. An annotation (solo5NetDev, solo5BlkDev) names the first of its
 * kind instead; a disk that has a name already (an annotation `block.NAME`) keeps it. The rest follow in the
 * manifest's order. Each gets its place in the manifest as its position. Does nothing where the kernel is not
 * one of Solo5.
 *
 * Solo5's tenders start a kernel only where exactly the devices that it declares are attached. So a disk that
 * the manifest does not declare is an error, and so is a declared device that the container does not have. A
 * nic that is not declared keeps the name NULL: monitors that go by names leave it out, for a container has a
 * network whether its program wants one or not.
 */
int guest_name_solo5_devices(const struct guest_input *input, struct boot *boot, struct error *error);

/* An error where a Solo5 kernel cannot be given so many bytes of command line. */
int guest_check_solo5_line(const struct kernel_probe *kernel, size_t length, struct error *error);

#endif
