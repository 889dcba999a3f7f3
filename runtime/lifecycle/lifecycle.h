/*
 * The lifecycle of a container (runtime-spec, runtime.md): what the commands do, without their command lines.
 *
 * For a program that makes many containers, too: nothing here ends the process, keeps anything in a global
 * variable, or changes what belongs to the caller (descriptors, signals, working directory, mask of files).
 * The caller has one thread while it creates, because the container's process is a copy of it, and waits for
 * its children itself. Warnings go to runtime->log.
 */
#ifndef RUNTIME_LIFECYCLE_LIFECYCLE_H
#define RUNTIME_LIFECYCLE_LIFECYCLE_H

#include <stdbool.h>
#include <sys/types.h>

#include "formats/base/error.h"
#include "runtime/lifecycle/log.h"
#include "runtime/lifecycle/state.h"

/* The global options. */
struct runtime {
    const char *root;
    const char *config_path; /* of --config, or NULL */
    bool systemd_cgroup;     /* cgroups are scopes of systemd's */
    bool rootless;           /* the caller is not the host's root, or acts as if (--rootless) */
    struct log log;
};

struct create_request {
    const char *id;
    const char *bundle;         /* a directory */
    const char *console_socket; /* or NULL */
    const char *pid_file;       /* or NULL */
    const char *image_path;     /* of a saved machine to go on with, or NULL */
    bool attended;              /* the caller stays: `urunc run` in the foreground */
    int *user_namespace; /* with CREATE_NEEDS_NAMESPACE the one to enter, or -1; NULL: that is never asked */
    int *console_master; /* not NULL: the terminal's master stays here with the caller, and no socket is
                            needed */
};

enum create_result {
    CREATE_FAILED = -1,
    CREATE_DONE = 0,
    CREATE_NOT_A_UNIKERNEL = 1, /* for another runtime; nothing was done */
    CREATE_NEEDS_NAMESPACE =
        2, /* for rootless_exec (runtime/sandbox/namespaces/rootless.h); nothing was done */
};

/* Makes the container and leaves its process, a child of the caller, waiting for `start`. On failure nothing
 * is left. */
enum create_result container_create(const struct runtime *runtime, const struct create_request *request,
                                    pid_t *pid, struct error *error);

/* Starts a created container; returns when its monitor runs. */
int container_start(const struct runtime *runtime, const char *id, struct error *error);

/* Signals the container's process, or with `all` each process in its cgroups. */
int container_kill(const struct runtime *runtime, const char *id, int signal, bool all, struct error *error);

/* What runs in a container: its monitor. `pids` is owned. */
struct container_processes {
    pid_t *pids;
    size_t count;
};
void container_processes_free(struct container_processes *processes);
#define cleanup_processes __attribute__((cleanup(container_processes_free)))

/* The processes of the container's cgroups, else its own; none where it has stopped. */
int container_processes(const struct runtime *runtime, const char *id, struct container_processes *processes,
                        struct error *error);

/* Stops all that runs in a created or running container, or lets it go on. */
int container_pause(const struct runtime *runtime, const char *id, struct error *error);
int container_resume(const struct runtime *runtime, const char *id, struct error *error);

/* The figures of a container's cgroups and interfaces, as runc prints them ("Stats" of its types/events.go);
 * owned. */
json_t *container_stats(const struct state *state);

/* Sets the limits of a container anew: `resources` is laid over its linux.resources, all of it or nothing.
 * The guest keeps the memory that it has: a limit below it is refused by name. */
int container_update(const struct runtime *runtime, const char *id, const json_t *resources,
                     struct error *error);
/* A warning for each limit of linux.resources that is ignored. */
void warn_of_ignored_limits(const struct runtime *runtime, const json_t *resources);

/* Removes what the container left: its network, cgroups and state; then runs its poststop hooks. `force`
 * kills it first where it runs, works from any half-made state, and takes a container that does not exist as
 * removed. */
int container_delete(const struct runtime *runtime, const char *id, bool force, struct error *error);

/* The runtime of a container that is another one's, as foreign_runtime tells it; NULL for urunc's own, and
 * where there is none. */
const char *container_foreign_runtime(const struct runtime *runtime, const char *id);

/* Kills and removes such a container, whose runtime is not installed any more: its process, cgroups and
 * state. Its poststop hooks are not run. */
int container_delete_foreign(const struct runtime *runtime, const char *id, struct error *error);

/* Reads the state of a container that exists. Returns its directory's descriptor (owned). */
int container_load(const struct runtime *runtime, const char *id, struct state *state, struct error *error);

#endif
