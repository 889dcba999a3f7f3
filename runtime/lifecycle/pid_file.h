/* --pid-file: where engines look for a process's ID. */
#ifndef RUNTIME_LIFECYCLE_PID_FILE_H
#define RUNTIME_LIFECYCLE_PID_FILE_H

#include <sys/types.h>

#include "formats/base/error.h"

/* Replaces the file; `path` NULL: does nothing. */
int pid_file_write(const char *path, pid_t pid, struct error *error);

#endif
