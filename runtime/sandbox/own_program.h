/* This program's own file, which the container's process must not be a way to (CVE-2019-5736). */
#ifndef RUNTIME_SANDBOX_OWN_PROGRAM_H
#define RUNTIME_SANDBOX_OWN_PROGRAM_H

#include "formats/base/error.h"

/*
 * Executes this program once more, with the same arguments, from a read-only mount of its file. The link
 * /proc/PID/exe of every process that is made from then on leads to that mount: who can follow it, such as a
 * container of the same pod with CAP_SYS_PTRACE, cannot write to the host's file.
 *
 * Returns 0 where the file is read-only already, and where the caller may not mount (no CAP_SYS_ADMIN: then
 * the container's root is not the host's either). -1 where it failed.
 */
int own_program_protect(char *const *argv, struct error *error);

#endif
