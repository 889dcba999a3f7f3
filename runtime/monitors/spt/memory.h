/* The guest's memory: this process's own, from SPT_MEMORY_BASE to its end. */
#ifndef RUNTIME_MONITORS_SPT_MEMORY_H
#define RUNTIME_MONITORS_SPT_MEMORY_H

#include "formats/base/error.h"
#include "runtime/monitors/spt/abi.h"

/* Refuses a process in which everything readable is executable (personality(2), READ_IMPLIES_EXEC): no
 * protection of a segment would mean anything there. */
int spt_memory_check_personality(struct error *error);

/* Maps the memory, readable and writable. An error where something of this process lies there already. */
int spt_memory_map(uint64_t memory, struct error *error);

/* Writes what the guest is told: `info`, whose addresses it fills in, the manifest, and the arguments joined
 * by blanks. The guest's address A lies at base + A. */
int spt_memory_write_boot_info(uintptr_t base, const struct spt_boot_info *info,
                               const struct spt_manifest *manifest, const char *const *arguments,
                               struct error *error);

#endif
