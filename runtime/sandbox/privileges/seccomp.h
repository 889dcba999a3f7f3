/* linux.seccomp (runtime-spec, config-linux.md, "Seccomp") through libseccomp. */
#ifndef RUNTIME_SANDBOX_PRIVILEGES_SECCOMP_H
#define RUNTIME_SANDBOX_PRIVILEGES_SECCOMP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

struct seccomp_name {
    const char *name;
    uint32_t value;
};

/* Names of config.json and libseccomp's numbers for them; each ends with a NULL name. `features` lists them.
 */
extern const struct seccomp_name seccomp_actions[];
extern const struct seccomp_name seccomp_operators[];
extern const struct seccomp_name seccomp_architectures[];
extern const struct seccomp_name seccomp_flags[];

/* A flag that the kernel takes with a listener only: known, and refused. */
#define SECCOMP_LISTENER_FLAG "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"

struct seccomp_filter;

/* True if the profile asks for no confinement: everything is allowed and no call is listed. */
bool seccomp_is_unconfined(const json_t *profile);

/*
 * Compiles a profile (NULL gives NULL and no error). System calls that libseccomp does not know are ignored;
 * unknown actions, operators, architectures and flags are errors that name them.
 */
int seccomp_compile(const json_t *profile, struct seccomp_filter **filter, struct error *error);

/* Appends what the same profile is compiled by: another compiler may make another filter of it. */
void seccomp_compiler(struct buffer *text);

/* The filter as bytes that stay its own, with the flags of seccomp(2), and one made of such bytes, or NULL
 * where they cannot be one. The kernel checks the instructions. */
const void *seccomp_filter_program(const struct seccomp_filter *filter, uint32_t *flags, size_t *length);
struct seccomp_filter *seccomp_filter_of(uint32_t flags, const void *program, size_t length);

/* Loads it into the kernel for the calling process, whose no_new_privs is set. NULL does nothing. */
int seccomp_install(const struct seccomp_filter *filter, struct error *error);
void seccomp_filter_free(struct seccomp_filter **filter);
#define cleanup_seccomp __attribute__((cleanup(seccomp_filter_free)))

#endif
