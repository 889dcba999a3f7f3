/* Between the two halves of the QEMU driver: the argv (qemu.c) and the host's files (qemu_files.c). */
#ifndef RUNTIME_MONITORS_QEMU_H
#define RUNTIME_MONITORS_QEMU_H

#include "runtime/monitors/monitor.h"

#if defined(__x86_64__)
#define QEMU_TARGET  "x86_64"
#define QEMU_MACHINE "q35"
#elif defined(__aarch64__)
#define QEMU_TARGET  "aarch64"
#define QEMU_MACHINE "virt"
#else
#error "urunc knows QEMU's machines for x86-64 and arm64"
#endif
#define QEMU_PROGRAM "qemu-system-" QEMU_TARGET

/* True if QEMU is to use KVM: as configured, or for "auto" where /dev/kvm can be opened. */
bool qemu_uses_kvm(const struct monitor_config *config);

int qemu_files(const struct monitor_config *config, struct monitor_files *files, struct error *error);

#endif
