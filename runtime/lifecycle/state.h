/*
 * What is kept about a container between two commands: the directory ROOT/ID with state.json, a note of its
 * cgroup and, until it is started, start.sock.
 */
#ifndef RUNTIME_LIFECYCLE_STATE_H
#define RUNTIME_LIFECYCLE_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "runtime/sandbox/cgroups.h"

#define STATE_FILE   "state.json"
#define START_SOCKET "start.sock"
#define CGROUP_NOTE  "cgroup"

enum status {
    STATUS_CREATING,
    STATUS_CREATED,
    STATUS_RUNNING,
    STATUS_STOPPED,
};

/* All memory is owned. */
struct state {
    char *id;
    char *oci_version;
    char *bundle;
    char *rootfs;
    pid_t pid;           /* as the runtime sees it; 0 before there is a process */
    uint64_t start_time; /* of the process, field 22 of /proc/PID/stat: tells a reused process ID */
    bool complete;       /* `create` went through */
    char *created;       /* RFC 3339 */
    uid_t owner;
    json_t *annotations; /* or NULL */
    json_t *hooks;       /* or NULL: poststart and poststop come when the bundle may be gone */
    struct cgroups cgroups;
    char *network_namespace; /* a path, where it is not the container's own */
    char *network_interface; /* NULL: the guest was not joined to one */
    char *network_tap;
};

void state_free(struct state *state);
#define cleanup_state __attribute__((cleanup(state_free)))

/* Letters, digits, '_', '+', '-' and '.', as runc has it; neither "." nor "..". */
int container_id_check(const char *id, struct error *error);

/* Makes ROOT (with its parents) where it is missing. */
int state_root_make(const char *root, struct error *error);
/* Makes ROOT/ID, which is what reserves the ID. Returns its descriptor (owned). error->number is EEXIST where
 * it is taken. */
int state_directory_make(const char *root, const char *id, struct error *error);
/* Opens ROOT/ID; error->number is ENOENT where the container does not exist. */
int state_directory_open(const char *root, const char *id, struct error *error);
/* Removes ROOT/ID with what we put there. What is missing is not missed. */
int state_directory_remove(const char *root, const char *id, struct error *error);

/* Notes where the cgroups are about to be made, for a `create` that is killed before it wrote a state. (A
 * symlink is the cheapest file that is there with its content or not at all; it leads nowhere.) */
int state_note_cgroup(int directory, const char *path, struct error *error);
/* The note; owned; NULL where there is none. */
char *state_noted_cgroup(int directory);

/* Replaces state.json by rename(2). */
int state_write(int directory, const struct state *state, struct error *error);
/* error->number is ENOENT where the file does not exist. */
int state_read(int directory, struct state *state, struct error *error);

/* Whether the directory is another runtime's, one that shares the root: a state.json that is well-formed and
 * not ours, or crun's "status". Anything broken counts as ours, so that `delete --force` can clear it. */
bool state_is_foreign(int directory);

/* The start time of a live process, or 0 where there is none (or it is a zombie). */
uint64_t process_start_time(pid_t pid);
/* A pidfd (owned) of the container's process if that still lives, else -1. */
int state_open_process(const struct state *state);
enum status state_status(int directory, const struct state *state);
const char *status_name(enum status status);

/* The container's state as the runtime specification defines it (runtime.md, "State"); owned. `pid` is 0
 * where it is stopped. */
json_t *state_to_spec(const struct state *state, enum status status);
/* The same as the text that hooks get; owned. */
char *state_spec_text(const struct state *state, enum status status);

#endif
