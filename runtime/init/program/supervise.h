/* What the first process does while the program runs. */
#ifndef RUNTIME_INIT_SUPERVISE_H
#define RUNTIME_INIT_SUPERVISE_H

#include <sys/types.h>

#include "runtime/init/program/control.h"
#include "runtime/init/program/streams.h"

/* Blocks every signal: from now on they wait for supervise(). Before the program is started. */
void supervise_prepare(void);

/*
 * Moves the program's input and output, does what the host asks for, passes signals on and reaps everything
 * until the program has ended; then ends every other process, and returns once the host has all of the
 * output. Returns the program's exit status, or 128 and the signal that ended it.
 */
int supervise(pid_t program, struct streams *streams, struct control *control);

#endif
