/* The start of a further program: from its request to a process. */
#ifndef RUNTIME_INIT_EXEC_START_H
#define RUNTIME_INIT_EXEC_START_H

#include "runtime/init/program/exec.h"

/* Starts what the request asks for; sets pid, report, input, output and terminal. 0, or an errno and the step
 * that failed. What fails in the child is what `report` says. */
int exec_start(struct exec *exec, enum channel_step *step);

#endif
