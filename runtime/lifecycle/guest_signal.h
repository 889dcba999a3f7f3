/* Which signals are for the program in a guest that has the channel, and which for the monitor. */
#ifndef RUNTIME_LIFECYCLE_GUEST_SIGNAL_H
#define RUNTIME_LIFECYCLE_GUEST_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

/* All but those that end, stop and continue a process whatever it does: these are the monitor's, with the
 * whole guest in it. */
static inline bool signal_is_for_program(int signal)
{
    return signal != SIGKILL && signal != SIGSTOP && signal != SIGCONT;
}

/* These ask to end. Where the guest cannot be asked they end the monitor. */
static inline bool signal_asks_to_end(int signal)
{
    return signal == SIGHUP || signal == SIGINT || signal == SIGQUIT || signal == SIGTERM;
}

#endif
