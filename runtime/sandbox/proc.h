/* Files of /proc that are written to. */
#ifndef RUNTIME_SANDBOX_PROC_H
#define RUNTIME_SANDBOX_PROC_H

#include "formats/base/error.h"

/*
 * Opens a file of /proc by its absolute path, close-on-exec, and insists that it is of a proc file system: a
 * write to something that was mounted over it could go anywhere (CVE-2025-52881). error->number is the errno;
 * ENOTSUP where something else is mounted there.
 */
int proc_open(const char *path, int flags, struct error *error);

#endif
