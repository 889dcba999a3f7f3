/* The guest drivers, for the table in guest.c, and what only they use. */
#ifndef RUNTIME_GUESTS_DRIVERS_H
#define RUNTIME_GUESTS_DRIVERS_H

#include <stddef.h>

#include "runtime/guests/guest.h"

extern const struct guest guest_linux;
extern const struct guest guest_unikraft;
extern const struct guest guest_generic;

/* Where the first word of a cmdline annotation starts in `text`; *length gets its bytes, 0 where there is
 * none. What follows it is the program's own text. */
const char *guest_split_program(const char *text, size_t *length);

#endif
