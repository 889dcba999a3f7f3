/*
 * `exec`: a further program in the guest of a running container.
 *
 * A process of ours stands for the program on the host: engines read its ID from the pid file, signal it, put
 * it into the container's cgroup, and wait for its end, which has the program's status. It holds one end of a
 * socket, its standard streams and the state directory, and no capability; with it ends the program
 * (runtime/channel.h).
 */
#ifndef RUNTIME_LIFECYCLE_EXEC_EXEC_H
#define RUNTIME_LIFECYCLE_EXEC_EXEC_H

#include "runtime/bundle/process.h"
#include "runtime/lifecycle/lifecycle.h"

struct exec_request {
    const char *id;
    struct process process;     /* with a terminal: its size is known or 0 */
    bool sealed;                /* no_new_privs */
    const char *console_socket; /* or NULL */
    const char *pid_file;       /* or NULL */
    bool detach;                /* the caller does not stay */
};

/* Loads the container's state; an error where nothing can be executed in it, in runc's words. Returns the
 * state directory's descriptor (owned). */
int exec_load(const struct runtime *runtime, const char *id, struct state *state, struct error *error);

/* Executes it. Returns the program's exit status, with `detach` 0 once it runs. */
int container_exec(struct exec_request *request, int directory, struct state *state, struct error *error);

#endif
