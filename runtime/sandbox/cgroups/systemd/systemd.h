/*
 * The systemd driver: the container's cgroup is that of a transient scope, which systemd makes and keeps its
 * hands off ("Delegate"; systemd.io, "Control Group APIs and Delegation").
 *
 * A scope needs a process to be made around. That is a child of ours that does nothing and is ended once the
 * container's process is in the cgroup, so that everything else is as without systemd. libsystemd is loaded
 * when it is needed and not before: it would cost each command more than its work does.
 *
 * A caller without root has the scope made by the systemd of his own session, whose units all lie below its
 * own cgroup.
 */
#ifndef RUNTIME_SANDBOX_CGROUPS_SYSTEMD_SYSTEMD_H
#define RUNTIME_SANDBOX_CGROUPS_SYSTEMD_SYSTEMD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "formats/base/error.h"

struct systemd_scope {
    char *unit;        /* "cri-containerd-ID.scope"; owned */
    char *slice;       /* "kubepods.slice"; owned */
    char *path;        /* of its cgroup below each mount point; owned */
    pid_t placeholder; /* 0: none */
    bool started;
};

/* True where a caller without root has a systemd of his own that may make cgroups: one that can be called, on
 * a host with version 2 alone. */
bool systemd_serves_user(void);

/* The scope that linux.cgroupsPath, "SLICE:PREFIX:NAME" or NULL, stands for. */
int systemd_scope_read(const char *cgroups_path, const char *id, struct systemd_scope *scope,
                       struct error *error);

/* Starts the scope with the limits of linux.resources (may be NULL), and waits until it is there. */
int systemd_scope_start(struct systemd_scope *scope, const json_t *resources, uint64_t overhead,
                        struct error *error);
/* Has systemd move a process of the caller's into the scope. */
int systemd_scope_attach(const struct systemd_scope *scope, pid_t pid, struct error *error);
/* Ends the placeholder. */
void systemd_scope_release(struct systemd_scope *scope);
/* Tells systemd other limits, which it would write anew when it is reloaded. */
int systemd_set_limits(const char *unit, const json_t *resources, uint64_t overhead, struct error *error);
/* Stops a scope, and forgets that it failed where it did. One that is gone is fine. */
int systemd_stop(const char *unit, struct error *error);

void systemd_scope_free(struct systemd_scope *scope);

#endif
