/* The end: the exit status reaches the host, the machine stops. */
#ifndef RUNTIME_INIT_POWER_H
#define RUNTIME_INIT_POWER_H

#include "runtime/init/cmdline.h"

enum {
    STATUS_NOT_EXECUTABLE = 126,
    STATUS_NOT_FOUND = 127,
    STATUS_INIT_FAILED = 125, /* as container engines say: not the program's own */
    STATUS_SIGNAL = 128,      /* and the signal's number */
};

/* Writes the file systems back, once no other process is left. */
void power_write_back(const struct cmdline *cmdline);

/* Stops the machine: through the exit port of runtime/boot.h where the command line says that it exists, so
 * that the host learns `status`; else, where `status` is not 0, by a panic where the monitor hears of one. */
_Noreturn void power_off(int status, const struct cmdline *cmdline);

#endif
