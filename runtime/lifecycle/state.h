/*
 * The record of a container between two commands: the directory ROOT/ID with state.json and, until it is
 * started, start.sock; also control.sock, where the guest may have the channel (runtime/channel.h), and
 * monitor.sock, where the monitor can be managed.
 *
 * `create` writes state.json before it makes anything else, and holds a lock (flock) on the directory until
 * it is done; the lock ends with the process. So a container that is not complete and not locked comes from a
 * `create` that was killed: it has stopped.
 */
#ifndef RUNTIME_LIFECYCLE_STATE_H
#define RUNTIME_LIFECYCLE_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "runtime/process/memory_plan.h"
#include "runtime/sandbox/cgroups/cgroups.h"
#include "runtime/sandbox/resctrl.h"

#define STATE_FILE   "state.json"
#define START_SOCKET "start.sock"
/* linux.resources as `urunc update` set them last: a file of its own, because `start` may write state.json at
 * the same time. */
#define RESOURCES_FILE "resources.json"
#define MONITOR_SOCKET "monitor.sock"
#define SHARE_SOCKET   "share.sock" /* for a moment */

enum status {
    STATUS_CREATING,
    STATUS_CREATED,
    STATUS_RUNNING,
    STATUS_PAUSED, /* created or running, and frozen */
    STATUS_STOPPED,
};

/* All memory is owned. */
struct state {
    char *id;
    char *oci_version;
    char *bundle;
    char *rootfs;
    pid_t pid;         /* as the runtime sees it; 0 before there is a process */
    pid_t network_pid; /* of user_network's process; 0: none */
    uint64_t network_start_time;
    uint64_t start_time; /* of the process, field 22 of /proc/PID/stat: tells a reused process ID */
    bool complete;       /* `create` went through */
    char *created;       /* RFC 3339 */
    uid_t owner;
    char *hypervisor;    /* or NULL: not known yet */
    bool guest_stops;    /* the monitor can ask its guest to end; known from `start` on */
    json_t *annotations; /* or NULL */
    json_t *hooks;       /* or NULL: poststart and poststop come when the bundle may be gone */
    char *trace;         /* path of its trace (runtime/trace.h), or NULL */
    char *metrics;       /* the configured file (metrics.h), or NULL */
    struct cgroups cgroups;
    struct resctrl resctrl;
    char *systemd_unit; /* whose cgroup they are in, or NULL */
    json_t *resources;  /* linux.resources as `create` set them; or NULL */
    struct memory_plan memory;
    uint64_t memory_overhead; /* bytes that the monitor may have beside the guest where there is room */
    char *network_namespace;  /* a path, where it is not the container's own */
    dev_t network_device;     /* what stood there at `create` */
    ino_t network_inode;
    struct strings network_interfaces; /* that the guest was joined to; none: empty */
    struct strings network_taps;       /* as many, in the same order */
};

void state_free(struct state *state);
#define cleanup_state __attribute__((cleanup(state_free)))

/* Letters, digits, '_', '+', '-' and '.', as runc has it; neither "." nor "..". */
int container_id_check(const char *id, struct error *error);

/* Makes ROOT (with its parents) where it is missing. */
int state_root_make(const char *root, struct error *error);
/* Makes ROOT/ID, which is what reserves the ID, and locks it until state_directory_unlock. Returns its
 * descriptor (owned). error->number is EEXIST where it is taken. */
int state_directory_make(const char *root, const char *id, struct error *error);
/* An error where another directory, or none, has the name ROOT/ID by now. */
int state_directory_check(const char *root, const char *id, int directory, struct error *error);
void state_directory_unlock(int directory);
/* 1, or 0 where the directory was removed since it was opened. */
int state_directory_exists(int directory, struct error *error);
/* Waits for the lock. Returns 1, or 0 where the directory was removed meanwhile. */
int state_directory_lock(int directory, struct error *error);
/* Opens ROOT/ID; error->number is ENOENT where the container does not exist. */
int state_directory_open(const char *root, const char *id, struct error *error);
/* Removes ROOT/ID with what we put there. A missing file is not an error. */
int state_directory_remove(const char *root, const char *id, struct error *error);

/* Makes a socket of that name in the directory and listens on it; returns it (owned, close-on-exec). Only the
 * user who made it can connect to it. */
int state_listen(int directory, const char *name, int type, struct error *error);
/* Connects to such a socket; returns the connection (owned, close-on-exec). error->number is ENOENT or
 * ECONNREFUSED where nobody listens any more, EAGAIN where too many wait for five seconds already. */
int state_connect(int directory, const char *name, int type, struct error *error);

/* Replaces state.json by rename(2). */
int state_write(int directory, const struct state *state, struct error *error);
/* error->number is ENOENT where the file does not exist. */
int state_read(int directory, struct state *state, struct error *error);

/* The container's resources as they were set last: an object; owned. NULL on error. */
json_t *state_read_resources(int directory, const struct state *state, struct error *error);
/* Replaces RESOURCES_FILE by rename(2). */
int state_write_resources(int directory, const json_t *resources, struct error *error);

/* True for what state_write writes; a well-formed state.json that is not is another runtime's (foreign.h). */
bool state_is_ours(const json_t *object);

/* The start time of a live process. 0 where there is none or it is a zombie (errno is ESRCH), and where that
 * cannot be told (any other errno). */
uint64_t process_start_time(pid_t pid);
/* A pidfd (owned) of the container's process. -1 where that has ended (errno is ESRCH), and where it cannot
 * be told (any other errno). */
int state_open_process(const struct state *state);
enum status state_status(int directory, const struct state *state);
/* True while a `create` or a `delete` that holds the lock is under way. */
bool state_is_locked(int directory);
const char *status_name(enum status status);

/* The container's state as the runtime specification defines it (runtime.md, "State"); owned. `pid` is 0
 * where it is stopped. */
json_t *state_to_spec(const struct state *state, enum status status);
/* The same with "rootfs", "created" and the name of the "owner", as runc prints it beyond the specification;
 * owned. */
json_t *state_describe(const struct state *state, enum status status);
/* The container's state as the text that hooks get; owned. */
char *state_spec_text(const struct state *state, enum status status);

#endif
