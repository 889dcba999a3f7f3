/* Monitor drivers: one file a monitor. A driver turns a struct boot into an argv vector. It has never heard
 * of a framework. */
#ifndef RUNTIME_MONITORS_MONITOR_H
#define RUNTIME_MONITORS_MONITOR_H

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "formats/contract/unikernel.h"
#include "formats/kernel/probe.h"
#include "runtime/boot.h"
#include "runtime/config.h"

/* Host files that the monitor needs in its private root, besides its program and the shared libraries of
 * that. */
struct monitor_files {
    struct strings data;    /* files and directories, read-only, under the same path */
    struct strings modules; /* shared objects that it loads by itself: read-only, with their own libraries */
    struct strings devices; /* "/dev/kvm" */
};

void monitor_files_free(struct monitor_files *files);

struct monitor {
    enum hypervisor hypervisor;
    unsigned kernels;         /* enum kernel_format that it can load (any of); 0: anything */
    const char *kernels_text; /* for the error, "multiboot, PVH or bzImage" */
    unsigned storage;         /* enum storage_kind that it can offer */
    unsigned quirks;          /* enum boot_quirk that it knows */
    const char *program;      /* default: "qemu-system-x86_64", looked up in the usual directories */
    /* What the private root must hold. */
    int (*files)(const struct monitor_config *config, struct monitor_files *files, struct error *error);
    /* The whole argv; argv[0] is `program` (an absolute path in the private root). */
    int (*argv)(const struct boot *boot, const struct monitor_config *config, const char *program,
                struct strings *argv, struct error *error);
};

extern const struct monitor *const monitors[]; /* ends with NULL */
/* NULL where this version does not drive the hypervisor. */
const struct monitor *monitor_find(enum hypervisor hypervisor);

#endif
