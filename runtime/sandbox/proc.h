/* Files of /proc that are written to. */
#ifndef RUNTIME_SANDBOX_PROC_H
#define RUNTIME_SANDBOX_PROC_H

#include "formats/base/error.h"

/*
 * Opens a file of /proc by its absolute path, close-on-exec. Its directory must be of a proc file system, and
 * no mount may stand on the way from there, not even of another file of proc: whoever gets to mount something
 * over such a file could otherwise choose where a value of config.json is written to (CVE-2025-52881).
 * error->number is the errno; ENOTSUP where something else is mounted there.
 */
int proc_open(const char *path, int flags, struct error *error);

#endif
