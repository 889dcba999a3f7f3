/* Output that stays blocking, whatever the program makes of its descriptors. */
#ifndef RUNTIME_SANDBOX_PRIVILEGES_BLOCKING_OUTPUT_H
#define RUNTIME_SANDBOX_PRIVILEGES_BLOCKING_OUTPUT_H

#include "formats/base/error.h"

/*
 * Installs a filter under which fcntl(F_SETFL) with O_APPEND and O_NONBLOCK succeeds and does nothing. QEMU
 * makes every output that it opens non-blocking, and what it could not write by the guest's end is lost. It
 * opens only the guest's own standard output and error for appending, so only these stay as they are. The
 * filter takes no right away and gives none; it needs no_new_privs, and holds for whatever is executed.
 */
int blocking_output_install(struct error *error);

#endif
