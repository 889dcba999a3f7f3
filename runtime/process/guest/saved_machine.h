/*
 * A machine that was saved by `checkpoint`, for `restore`: a directory with the machine's state, which only
 * its monitor reads, and a description of the machine that it belongs to.
 *
 * The state is the guest's memory and devices, secrets included, so both files are their owner's alone. A
 * machine is restored into one that was started with the same words, descriptors apart: memory, disks,
 * addresses, the guest's command line. Another would make a guest that is wrong about what it has.
 */
#ifndef RUNTIME_PROCESS_GUEST_SAVED_MACHINE_H
#define RUNTIME_PROCESS_GUEST_SAVED_MACHINE_H

#include "formats/base/buffer.h"
#include "formats/base/error.h"

struct saved_machine {
    int fd;              /* the state, opened for reading; owned; -1: there is none */
    struct strings argv; /* that its monitor was started with */
};
#define SAVED_MACHINE_NONE ((struct saved_machine){.fd = -1})

/* Opens what was saved in the directory on that hypervisor; any other one's is an error. */
int saved_machine_open(const char *path, const char *hypervisor, struct saved_machine *saved,
                       struct error *error);
/* An error where `argv` would start another machine than the saved one. */
int saved_machine_check(const struct saved_machine *saved, const struct strings *argv, struct error *error);
void saved_machine_free(struct saved_machine *saved);

/* Makes the directory where it is missing, and in it a new file for the state. Returns that, opened for
 * writing, and in *directory the directory; both owned. What was saved there before is gone. */
int saved_machine_create(const char *path, int *directory, struct error *error);
/* Describes the machine; with this it is complete. */
int saved_machine_describe(int directory, const char *hypervisor, const struct strings *argv,
                           struct error *error);
/* Removes what was made, after a failure. */
void saved_machine_discard(int directory);

#endif
