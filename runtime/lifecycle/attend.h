/* `urunc run` in the foreground: waits for the container's process, forwards signals to it, and relays a
 * terminal. */
#ifndef RUNTIME_LIFECYCLE_ATTEND_H
#define RUNTIME_LIFECYCLE_ATTEND_H

#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <termios.h>

#include "formats/base/error.h"
#include "runtime/lifecycle/state.h"

/* Blocks the signals that are forwarded, and returns a descriptor (owned, close-on-exec) from which they are
 * read. `old` is the signal mask before. Called before the child is made, so that none is lost. */
int attend_signals(sigset_t *old, struct error *error);

/* Settings of the stdio that a monitor shares with the caller's shell, changes, and leaves changed where it
 * is killed. */
struct stdio_settings {
    int flags[3];  /* of stdin, stdout, stderr: O_NONBLOCK among them */
    bool terminal; /* stdin is one */
    struct termios modes;
};

/* Taken before there is a monitor. */
void stdio_remember(struct stdio_settings *settings);

/* How a container's process ended. */
struct ending {
    int wait_status; /* of waitpid(2) */
    int asked;       /* the last signal that the monitor was sent and that asks to end, or 0 */
    bool no_reader;  /* the guest's output lost its reader: the container was ended for that */
};

/* All borrowed. */
struct attended {
    pid_t pid;   /* a child */
    int signals; /* of attend_signals */
    int master;  /* of its terminal, or -1 */
    const struct state *state;
    int directory; /* of its state, or -1 */
};

/* Attends the child until it ends, and sets the stdio back as it was `before`. The caller's terminal on stdin
 * is in raw mode meanwhile. */
int attend(const struct attended *attended, const struct stdio_settings *before, struct ending *ending,
           struct error *error);

/* Gives the terminal of that master the size of the caller's; false where there is none. */
bool attend_copy_window(int master, struct winsize *size);

#endif
