/* Signals and the window's size on their way from `urunc run` to the program in a guest. */
#ifndef RUNTIME_LIFECYCLE_FORWARD_H
#define RUNTIME_LIFECYCLE_FORWARD_H

#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#include "runtime/lifecycle/channel_call.h"
#include "runtime/lifecycle/state.h"

/* The guest is called once at a time; what comes meanwhile waits. A guest without the channel gets its
 * signals as the monitor's. */
struct forward {
    pid_t pid;                 /* the monitor: a child that was not waited for, so the number is its own */
    const struct state *state; /* borrowed */
    int directory;             /* of the container's state, or -1; borrowed */
    bool has_channel;          /* the guest's agent can be called */
    struct channel_call call;
    int signal;       /* of the call; 0: it tells the window's size */
    uint64_t waiting; /* bit N: signal N */
    bool window_waits;
    struct winsize window;
    int64_t kill_at; /* clock_milliseconds() at which the monitor is killed; 0: never */
    int asked;       /* the last signal that the monitor got and that asks to end, or 0 */
    bool no_reader;  /* somebody closed the other end of the guest's output */
};

struct forward forward_to(pid_t pid, const struct state *state, int directory);
void forward_free(struct forward *forward);

void forward_signal(struct forward *forward, int signal);
void forward_window(struct forward *forward, const struct winsize *window);
/* The guest's output has no reader any more: its program gets SIGPIPE, and the monitor is killed two seconds
 * later. */
void forward_no_reader(struct forward *forward);

/* Does what can be done now. Called after each poll(2) of forward->call.fd with that timeout. */
void forward_progress(struct forward *forward);
/* Milliseconds, or -1. */
int forward_timeout(const struct forward *forward);

#endif
