/* The program that the guest is for. */
#ifndef RUNTIME_INIT_PROGRAM_H
#define RUNTIME_INIT_PROGRAM_H

#include <sys/types.h>

#include "runtime/init/cmdline.h"
#include "runtime/init/program/streams.h"

/* Starts argv as a child with its environment, user, groups, directory, input and output. Returns its process
 * ID, or -1: complained. What goes wrong in the child is a status that a shell would give. */
pid_t program_start(char *const argv[], const struct cmdline *cmdline, struct streams *streams);

#endif
