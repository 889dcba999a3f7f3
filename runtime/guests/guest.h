/* Guest drivers: one file a unikernel framework. A driver turns what the container wants into a struct boot.
 * It has never heard of a monitor. */
#ifndef RUNTIME_GUESTS_GUEST_H
#define RUNTIME_GUESTS_GUEST_H

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "formats/kernel/probe.h"
#include "runtime/boot.h"
#include "runtime/network/network.h"

/* All borrowed for the call. */
struct guest_input {
    const struct strings *args; /* process.args; may be empty */
    const char *cmdline;        /* the cmdline annotation where it wins, else NULL: one text, used as it is */
    const struct strings *env;  /* "K=V" */
    bool terminal;              /* process.terminal: somebody types at the console */
    const char *cwd;
    uint32_t uid;
    uint32_t gid;
    const uint32_t *additional_gids;
    size_t additional_gid_count;
    const char *hostname;          /* or NULL */
    const char *version;           /* the framework's, or NULL */
    const struct network *network; /* NULL: no network */
    bool has_initrd;
    bool has_block;
    bool block_readonly;
    const char *block_mount_point; /* or NULL: the guest's default */
    const struct kernel_probe *kernel;
};

struct guest {
    const char *name; /* the framework's, as in the annotation */
    unsigned kernels; /* enum kernel_format: the file must be one of these; 0: whatever the monitor loads */
    const char *kernels_text; /* "bzImage or PVH ELF", for the error; NULL with kernels 0 */
    unsigned storage;         /* enum storage_kind it can consume */
    bool network;
    /* Sets boot->command_line and boot->quirks, nothing else. */
    int (*plan)(const struct guest_input *input, struct boot *boot, struct error *error);
};

extern const struct guest *const guests[]; /* ends with NULL */
const struct guest *guest_find(const char *name);

/* The argument list as one text: the cmdline annotation as it is, else the arguments joined by blanks. Owned.
 */
char *guest_join_arguments(const struct guest_input *input);

#endif
