/*
 * Compiled seccomp profiles, kept in the state root.
 *
 * libseccomp takes longer for an engine's profile (17 ms of processor time for the one of 440 calls) than
 * urunc for all the rest of create and start, and an engine gives the same profile to nearly every container.
 * So the instructions are kept in a file of the state root, in one of 16 by the profile's digest: their
 * number has a limit whatever bundles say. A file is taken only where it is the caller's own and nobody else
 * may write to it, was made of this very profile by the same libseccomp on the same kernel, and is whole.
 * What it cannot be taken from is compiled.
 */
#ifndef RUNTIME_PROCESS_SECCOMP_CACHE_H
#define RUNTIME_PROCESS_SECCOMP_CACHE_H

#include "runtime/sandbox/privileges/seccomp.h"

/* As seccomp_compile. `root` is the state root, which need not exist. */
int seccomp_find(const char *root, const json_t *profile, struct seccomp_filter **filter,
                 struct error *error);

#endif
