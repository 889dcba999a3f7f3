/*
 * When a traced guest wrote for the first time (runtime/trace.h).
 *
 * No process of ours stands beside a monitor that could see it, so a shared object of ours is loaded into the
 * monitor (runtime/first_output/preload.c). It travels inside of urunc, and is there only for a container
 * that is traced.
 */
#ifndef RUNTIME_FIRST_OUTPUT_FIRST_OUTPUT_H
#define RUNTIME_FIRST_OUTPUT_FIRST_OUTPUT_H

#include "formats/base/error.h"

/* Its path in the monitor's private root. */
#define FIRST_OUTPUT_PATH "/lib/urunc-first-output.so"

/* The environment variable of the monitor with the number of the trace's descriptor. */
#define FIRST_OUTPUT_VARIABLE "URUNC_TRACE"

/* The shared object as an unnamed file, opened for reading; owned. */
int first_output_open(struct error *error);

#endif
