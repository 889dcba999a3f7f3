/* The program that the guest is for. */
#ifndef RUNTIME_INIT_PROGRAM_H
#define RUNTIME_INIT_PROGRAM_H

#include "runtime/init/cmdline.h"

/* Runs argv as a child, with its environment, user, groups, directory and terminal, and reaps everything
 * until it ends. Returns its exit status, or 128 and the signal that ended it. */
int program_run(char *const argv[], const struct cmdline *cmdline);

#endif
