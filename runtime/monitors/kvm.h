/*
 * Whether guests run on this host's KVM as fast as on hardware.
 *
 * That /dev/kvm can be opened does not prove it: some hosts, themselves virtual machines, offer a KVM that
 * runs a guest's user mode and emulates its kernel instruction by instruction, about a thousand times slower.
 * On such a one a small guest ends soon, and QEMU with an ordinary kernel seems to hang. So a guest of a
 * dozen instructions is run on it in its kernel's mode, and its time is taken.
 */
#ifndef RUNTIME_MONITORS_KVM_H
#define RUNTIME_MONITORS_KVM_H

#include "formats/base/error.h"

#define KVM_DEVICE "/dev/kvm"

/*
 * Runs the guest, in a child process, for 5 seconds at most. 0 where it ran at the speed of hardware; an
 * error says what is wrong, with error->number set where the device cannot be opened or makes no machine, and
 * 0 where guests run, but slowly. On other processors than x86-64 a machine with a processor is made, and not
 * run.
 */
int kvm_probe(const char *device, struct error *error);

/* The same for KVM_DEVICE, kept in `directory` (the state root) until the host boots again or the device is
 * another one. */
int kvm_find(const char *directory, struct error *error);

#endif
