/*
 * A guest's exit status becomes the monitor's, for whoever reaps it; and a signal that asked the monitor to
 * end is told by it.
 *
 * While a guest runs there is no process of ours that could translate, so a small shared object of ours is
 * loaded into the monitor (runtime/exit_status/preload.c). It travels inside of urunc.
 */
#ifndef RUNTIME_EXIT_STATUS_EXIT_STATUS_H
#define RUNTIME_EXIT_STATUS_EXIT_STATUS_H

#include <stdbool.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "runtime/boot.h"

/* Its path in the monitor's private root. */
#define EXIT_STATUS_PATH "/lib/urunc-exit-status.so"

/* True if the program loads it: one that glibc's dynamic loader starts. */
bool exit_status_fits(const char *program);

/* The shared object as an unnamed file, opened for reading; owned. */
int exit_status_open(struct error *error);

/* Adds the variable of the monitor's environment that names the convention, which is known. */
void exit_status_add_environment(enum boot_exit convention, struct strings *environment);

#endif
