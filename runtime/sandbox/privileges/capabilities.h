/* Linux capabilities as sets of bits, and their names. */
#ifndef RUNTIME_SANDBOX_PRIVILEGES_CAPABILITIES_H
#define RUNTIME_SANDBOX_PRIVILEGES_CAPABILITIES_H

#include <stdint.h>

#include "formats/base/error.h"

/* Bit N is capability N of capabilities(7). */
typedef uint64_t capability_set;

struct capabilities {
    capability_set bounding;
    capability_set effective;
    capability_set inheritable;
    capability_set permitted;
    capability_set ambient;
};

/* The number of "CAP_NET_ADMIN", or -1 for a name that this build does not know. */
int capability_from_name(const char *name);
/* "CAP_NET_ADMIN", owned by the caller; NULL where there is no capability of this number. */
char *capability_name(int number);

/* Takes everything outside of `bounding` out of the bounding set. Needs CAP_SETPCAP for what is taken. */
int capabilities_limit(capability_set bounding, struct error *error);
/* Sets the other four sets, each at most what the process has by now; all-zero sets leave nothing. */
int capabilities_apply(const struct capabilities *wanted, struct error *error);

#endif
