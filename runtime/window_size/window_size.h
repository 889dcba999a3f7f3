/*
 * The later sizes of a container's terminal, on their way to the guest's.
 *
 * An engine sets a new size on the terminal's master and tells nobody. The kernel sends SIGWINCH to the
 * monitor, whose controlling terminal it is, and QEMU makes nothing of it. So a shared object of ours is
 * loaded into the monitor (runtime/window_size/preload.c), which writes each size as a frame to a socket that
 * is the guest's port CHANNEL_WINDOW_PORT. It travels inside of urunc.
 */
#ifndef RUNTIME_WINDOW_SIZE_WINDOW_SIZE_H
#define RUNTIME_WINDOW_SIZE_WINDOW_SIZE_H

#include "formats/base/error.h"

/* Its path in the monitor's private root. */
#define WINDOW_SIZE_PATH "/lib/urunc-window-size.so"

/* The environment variable of the monitor with the number of the socket that it writes to. */
#define WINDOW_SIZE_VARIABLE "URUNC_WINDOW_SIZE"

/* The shared object as an unnamed file, opened for reading; owned. */
int window_size_open(struct error *error);

#endif
