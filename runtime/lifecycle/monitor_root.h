/*
 * The private root of a running monitor, for what must be done in it: the socket that it makes itself, and
 * files that are lent to it for a while (docs/architecture.md, "What is done to a running monitor").
 *
 * The monitor may have been taken over by its guest. So nothing in its root is opened but by a path that no
 * link leads out of, and nothing of the host is lent but files that were made for it.
 */
#ifndef RUNTIME_LIFECYCLE_MONITOR_ROOT_H
#define RUNTIME_LIFECYCLE_MONITOR_ROOT_H

#include <stddef.h>
#include <stdint.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "runtime/lifecycle/state.h"

/* Connects to the socket at `path` of the root (owned). error->number is ECONNREFUSED where nobody listens or
 * the monitor has ended. */
int monitor_root_connect(const struct state *state, const char *path, struct error *error);

/* Adds the bytes of each file that was generated for the monitor, by name. */
int monitor_root_read_generated(const struct state *state, struct strings *texts, struct error *error);

/* Files in the monitor's hands. */
struct loan {
    int process; /* pidfd of a child in the monitor's mounts; -1: none; owned */
    int socket;  /* to it; owned */
};
#define LOAN_NONE ((struct loan){.process = -1, .socket = -1})

enum { LOAN_FILES = 2 };

/*
 * Mounts the files over the placeholders at `paths` of the monitor's root, and makes them the monitor's until
 * loan_end. A monitor that makes one of them longer than `limit` bytes is killed.
 */
int loan_begin(const struct state *state, const int files[LOAN_FILES], const char *const paths[LOAN_FILES],
               uint64_t limit, struct loan *loan, struct error *error);

/* Takes them back. An error where they cannot be taken back, because the monitor still holds one open for
 * writing, and where it was killed. `files` as before. */
int loan_end(struct loan *loan, const int files[LOAN_FILES], struct error *error);

#endif
