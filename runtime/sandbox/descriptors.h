/* Which descriptors stay open. */
#ifndef RUNTIME_SANDBOX_DESCRIPTORS_H
#define RUNTIME_SANDBOX_DESCRIPTORS_H

#include <stddef.h>

#include "formats/base/error.h"

/* Closes every descriptor that is not listed; -1 in the list stands for none. */
int descriptors_close_others(const int *keep, size_t count, struct error *error);

/* In a process of its own: descriptors that the caller left open must not reach the monitor, and a container
 * that waits must not hold a pipe or a lock of the caller's. All of our own are close-on-exec: this closes
 * the others, but for standard input, output and error. */
void descriptors_close_inherited(void);

#endif
