/*
 * The container's process, from its making to its becoming the monitor.
 *
 * It is a copy of `create` in the container's namespaces. It holds in memory and in descriptors all that
 * `create` read and checked, so nothing is read twice: what was checked is what is used. After `create` it
 * waits on a socket in the state directory; `start` connects to that, the process makes the tap, plans the
 * boot, enters the monitor's private root, drops its privileges and executes the monitor. The connection is
 * close-on-exec, so its end tells `start` that the monitor runs; a failure is sent over it as one line.
 */
#ifndef RUNTIME_PROCESS_WAITING_H
#define RUNTIME_PROCESS_WAITING_H

#include "runtime/bundle/bundle.h"
#include "runtime/config.h"
#include "runtime/lifecycle/state.h"
#include "runtime/process/guest_setup.h"
#include "runtime/sandbox/console.h"
#include "runtime/sandbox/seccomp.h"

struct container {
    const char *id;
    struct bundle bundle;
    struct config config;
    struct guest_setup guest;
    struct seccomp_filter *seccomp;
    struct console console;
    struct state state;
    int directory;  /* the state directory; -1 when closed, like all here; owned */
    int listener;   /* START_SOCKET */
    int create_end; /* of the socket pair between `create` and the process */
    int process_end;
    int status_fd; /* borrowed */
};

#define CONTAINER_NONE                                                                                       \
    ((struct container){.bundle = BUNDLE_NONE,                                                               \
                        .guest = GUEST_SETUP_NONE,                                                           \
                        .console = CONSOLE_NONE,                                                             \
                        .directory = -1,                                                                     \
                        .listener = -1,                                                                      \
                        .create_end = -1,                                                                    \
                        .process_end = -1,                                                                   \
                        .status_fd = -1})

void container_free(struct container *container);

/* The process's whole life; for namespaces_spawn. `data` is its struct container. Does not return. */
void waiting_process(void *data);

/* Becomes the monitor; `connection` is the one to `start`. Returns only on failure. */
int boot_monitor(struct container *container, int connection, struct error *error);

#endif
