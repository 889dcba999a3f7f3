/*
 * A machine that was saved by `checkpoint`, for `restore`: a directory with the machine's state, which only
 * its monitor reads, in one file or, with its memory apart, in two, and a description of the machine that it
 * belongs to.
 *
 * The state is the guest's memory and devices, secrets included, so all files are their owner's alone. A
 * machine is restored into one that was started with the same words and generated files, descriptors' numbers
 * apart: memory, disks, addresses, the guest's command line. Another would make a guest that is wrong about
 * what it has.
 */
#ifndef RUNTIME_PROCESS_GUEST_SAVED_MACHINE_H
#define RUNTIME_PROCESS_GUEST_SAVED_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "runtime/network/network.h"

enum { SAVED_STATE, SAVED_MEMORY, SAVED_FILES };

/* All of it is owned; -1: there is none. */
struct saved_machine {
    int files[SAVED_FILES]; /* opened for reading */
    int trees[SAVED_FILES]; /* detached mounts of them; of saved_machine_lend */
    struct strings words;   /* its monitor's argv, and the bytes of what was generated for it */
};
#define SAVED_MACHINE_NONE ((struct saved_machine){.files = {-1, -1}, .trees = {-1, -1}})

/* Bytes that a file of a machine of so much memory may have. QEMU writes memory that changed meanwhile twice.
 */
uint64_t saved_machine_limit(uint64_t memory);

/* Opens what was saved in the directory on that hypervisor, in `count` files; any other one's is an error. */
int saved_machine_open(const char *path, const char *hypervisor, size_t count, struct saved_machine *saved,
                       struct error *error);
/* An error where a file has more bytes than the limit. */
int saved_machine_check_size(const struct saved_machine *saved, uint64_t limit, struct error *error);
/* Makes mounts of the files by which the monitor's user on the host can read them. */
int saved_machine_lend(struct saved_machine *saved, int64_t user, struct error *error);
/* An error where the words would start another machine than the saved one. */
int saved_machine_check(const struct saved_machine *saved, const struct strings *words, struct error *error);
/* The name of the tap of that number, where the machine knows it by one of ours. */
bool saved_machine_tap(const struct saved_machine *saved, size_t index, char name[TAP_NAME_SIZE]);
void saved_machine_close_trees(struct saved_machine *saved);
void saved_machine_free(struct saved_machine *saved);

/* Makes the directory where it is missing, and in it `count` new files, opened for writing; *directory is the
 * directory; all owned. What was saved there before is gone. */
int saved_machine_create(const char *path, size_t count, int files[SAVED_FILES], int *directory,
                         struct error *error);
/* Describes the machine; with this it is complete. */
int saved_machine_describe(int directory, const char *hypervisor, const struct strings *words,
                           struct error *error);
/* Removes what was made, after a failure. */
void saved_machine_discard(int directory);

#endif
