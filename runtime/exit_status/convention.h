/* What a guest said by its write to the exit port, from the monitor's exit status (runtime/boot.h). */
#ifndef RUNTIME_EXIT_STATUS_CONVENTION_H
#define RUNTIME_EXIT_STATUS_CONVENTION_H

#include <stdbool.h>

#include "runtime/boot.h"

/* The environment variable of the monitor in which its convention stands, as one digit. */
#define EXIT_STATUS_VARIABLE "URUNC_EXIT_STATUS"

enum {
    EXIT_STATUS_FAILED = 1,
    EXIT_STATUS_SIGNAL = 128, /* and the number of the signal that ended a process */
    EXIT_MARK_ENDED = 41,
    EXIT_MARK_CRASHED = 42,
};

/* The V of a monitor that ended with `status`, or -1: the guest wrote nothing. */
static inline int exit_port_value(int status)
{
    return status > 0 && status & 1 ? status >> 1 : -1;
}

static inline int exit_status_of_report(int status)
{
    int value = exit_port_value(status);
    if (value >= BOOT_EXIT_REPORTED)
        return value & 0xff;
    if (value == BOOT_EXIT_BYTE_ZERO)
        return 0;
    return status == 0 ? EXIT_STATUS_FAILED : value > 0 ? value : status & 0xff;
}

static inline int exit_status_of_mark(int status)
{
    int value = exit_port_value(status);
    return value == EXIT_MARK_ENDED ? 0 : value == EXIT_MARK_CRASHED ? EXIT_STATUS_FAILED : status & 0xff;
}

/* A V of 0 looks like a failure of the monitor's own, which its main thread exits with. */
static inline int exit_status_of_value(int status, bool main_thread)
{
    int value = exit_port_value(status);
    return value < 0 || (value == 0 && main_thread) ? status & 0xff : value & 0xff;
}

static inline int exit_status_of_flag(int status)
{
    if (exit_port_value(status) == 1)
        return 0;
    int failure = status & 0xff;
    return failure != 0 ? failure : EXIT_STATUS_FAILED;
}

/* The exit status, 0 to 255, that the container's reaper is to see. `status` is what the monitor gave to
 * exit(3), `main_thread` whether its first thread did so. */
static inline int exit_status_of(enum boot_exit convention, int status, bool main_thread)
{
    switch (convention) {
    case BOOT_EXIT_REPORT:
        return exit_status_of_report(status);
    case BOOT_EXIT_MARK:
        return exit_status_of_mark(status);
    case BOOT_EXIT_VALUE:
        return exit_status_of_value(status, main_thread);
    case BOOT_EXIT_FLAG:
        return exit_status_of_flag(status);
    case BOOT_EXIT_UNKNOWN:
        break;
    }
    return status & 0xff;
}

#endif
