/* Between the parts of the QEMU driver: the argv (qemu.c), its machine (qemu_machine.c), its devices
 * (qemu_devices.c, qemu_channel.c), the host's files (qemu_files.c), and what is done to it while it runs
 * (qemu_management.c). */
#ifndef RUNTIME_MONITORS_QEMU_QEMU_H
#define RUNTIME_MONITORS_QEMU_QEMU_H

#include "runtime/monitors/monitor.h"

#if defined(__x86_64__)
#define QEMU_TARGET  "x86_64"
#define QEMU_MACHINE "q35"
#define QEMU_OLD_PC  "pc"
/* What QEMU can emulate, but for "rep movsb", which it emulates byte by byte: a guest that thinks it
 * fast copies five times slower. */
#define QEMU_EMULATED_CPU "max,erms=off"
#define QEMU_PACKAGE      "qemu-system-x86"
#elif defined(__aarch64__)
#define QEMU_TARGET       "aarch64"
#define QEMU_MACHINE      "virt"
#define QEMU_OLD_PC       QEMU_MACHINE
#define QEMU_EMULATED_CPU "max"
#define QEMU_PACKAGE      "qemu-system-arm"
#else
#error "urunc knows QEMU's machines for x86-64 and arm64"
#endif
#define QEMU_PROGRAM "qemu-system-" QEMU_TARGET

/* A kind of machine, as far as the command line depends on it. */
struct qemu_machine {
    const char *name;   /* "pc"; versions of it ("pc-q35-7.2") are of the same kind */
    const char *target; /* "x86_64" */
    bool pci;           /* else its virtio devices are on MMIO */
    bool isa;           /* has an ISA bus, and so I/O ports */
};

/* Numbers of QEMU's sets of descriptors. */
enum { QEMU_STDOUT_SET, QEMU_STDERR_SET, QEMU_FIRST_DISK_SET };

/* An argv that is being made. */
struct qemu_argv {
    struct strings *strings;
    const struct boot *boot;
    const struct monitor_config *config;
    const struct qemu_machine *machine;
    unsigned transports; /* of virtio over MMIO that are taken */
};

/* ---- qemu_machine.c ---- */

/* The kind of the configured machine, or of the default one. NULL where urunc does not know it. */
const struct qemu_machine *qemu_machine_find(const struct monitor_config *config, struct error *error);

/* Likewise an error where it is not a machine of this host's QEMU. */
int qemu_machine_check(const struct monitor_config *config, struct error *error);

/* True if QEMU is to use KVM: as configured, or for "auto" where /dev/kvm can be opened. */
bool qemu_uses_kvm(const struct monitor_config *config);

/* Machine, accelerator, processor, memory. */
int qemu_add_machine(struct qemu_argv *argv, struct error *error);

/* ---- qemu_devices.c ---- */

int qemu_add_disks(struct qemu_argv *argv, struct error *error);
int qemu_add_nics(struct qemu_argv *argv, struct error *error);
void qemu_add_shares(struct qemu_argv *argv);
/* Adds "-device virtio-KIND-pci,PROPERTIES" or its like over MMIO. */
void qemu_add_virtio(struct qemu_argv *argv, const char *kind, const char *properties);

/* ---- qemu_channel.c ---- */

/* The serial port, and the channel where the boot has one. */
void qemu_add_console(struct qemu_argv *argv);

/* ---- qemu_files.c ---- */

int qemu_files(const struct monitor_config *config, struct monitor_files *files, struct error *error);

/* ---- qemu_management.c ---- */

extern const struct monitor_management qemu_management;

/* ---- for all of them: an option and its value ---- */

static inline void qemu_add(struct qemu_argv *argv, const char *option, const char *value)
{
    strings_add(argv->strings, option);
    strings_add(argv->strings, value);
}

#define qemu_format(argv, option, ...)                                                                       \
    (strings_add((argv)->strings, (option)), strings_format((argv)->strings, __VA_ARGS__))

#endif
