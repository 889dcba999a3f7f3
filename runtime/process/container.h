/*
 * A container as `create` and the container's process see it.
 *
 * The process is a copy of `create` in the container's namespaces (docs/architecture.md, "Life of a
 * container's process"). It holds in memory and in descriptors all that `create` read and checked, so nothing
 * is read twice: what was checked is what is used. Each part below says who fills it and when.
 */
#ifndef RUNTIME_PROCESS_CONTAINER_H
#define RUNTIME_PROCESS_CONTAINER_H

#include "runtime/bundle/bundle.h"
#include "runtime/bundle/spec_state.h"
#include "runtime/config/config.h"
#include "runtime/network/network.h"
#include "runtime/network/share.h"
#include "runtime/process/guest/guest_setup.h"
#include "runtime/process/guest/saved_machine.h"
#include "runtime/process/memory_plan.h"
#include "runtime/process/monitor_user.h"
#include "runtime/process/streams.h"
#include "runtime/sandbox/cgroups/cgroups.h"
#include "runtime/sandbox/console.h"
#include "runtime/sandbox/privileges/privileges.h"
#include "runtime/sandbox/privileges/seccomp.h"
#include "runtime/trace.h"

/* Kept by the process for `start`, once it has left the host's tree. */
struct kept {
    char *resolv_conf;               /* its text, or NULL; owned */
    int tuns[NETWORK_MAX];           /* /dev/net/tun, opened in the container's network namespace; owned */
    size_t tun_count;                /* as many as the guest can have interfaces */
    int queues[BOOT_QUEUES_MAX - 1]; /* likewise, for the first tap's queues beyond the first; owned */
    size_t queue_count;
    int vhosts[BOOT_QUEUES_MAX]; /* /dev/vhost-net for each queue of the first, or none; owned */
    size_t vhost_count;
    int tun_number;          /* the errno where there are less */
    int rootfs_tree;         /* the rootfs as a detached mount, for startContainer hooks; -1: none; owned */
    int generated;           /* of private_root_enter; -1: none; owned */
    struct exec_label label; /* owned */
    struct streams streams;
    bool first_output;        /* likewise, what traces the guest's first output */
    bool exit_status;         /* the monitor's root holds what makes the guest's exit status its own */
    struct monitor_user user; /* owned */
};

#define KEPT_NONE                                                                                            \
    ((struct kept){.rootfs_tree = -1, .generated = -1, .label = EXEC_LABEL_NONE, .streams = STREAMS_NONE})

struct container {
    /* Read by `create`, before anything is made; not changed afterwards. */
    struct bundle bundle;
    struct config config;
    struct guest_setup guest;
    struct seccomp_filter *seccomp;
    struct spec_state spec;    /* what hooks get; the process learns its pid from `create` */
    struct memory_plan memory; /* filled once it is known where the cgroups will be */
    struct trace trace;        /* of `create`; the process has a copy as itself */
    bool attended;             /* the caller stays and sees when its standard output has no reader any more */
    bool foreign_network;      /* the network namespace is joined: what is made in there must be undone */

    struct saved_machine saved; /* to go on with; owned */

    /* Made by `create` for the process, which closes or empties it once it has used it. */
    struct console console;
    struct cgroups *cgroups; /* borrowed */
    struct sharing sharing;  /* with the pod's other containers; of guest_network_share */
    int listener;            /* that `start` connects to; -1 when closed, like all here; owned */
    int control;             /* listening socket of the guest's channel; -1: it has none */
    int manage;              /* likewise of the monitor's management */
    int create_end;          /* of the socket pair between `create` and the process; owned */
    int process_end;

    /* The process's own, filled before it waits. */
    struct kept kept;
};

#define CONTAINER_NONE                                                                                       \
    ((struct container){.bundle = BUNDLE_NONE,                                                               \
                        .guest = GUEST_SETUP_NONE,                                                           \
                        .trace = TRACE_OFF,                                                                  \
                        .saved = SAVED_MACHINE_NONE,                                                         \
                        .console = CONSOLE_NONE,                                                             \
                        .sharing = SHARING_NONE,                                                             \
                        .listener = -1,                                                                      \
                        .control = -1,                                                                       \
                        .manage = -1,                                                                        \
                        .create_end = -1,                                                                    \
                        .process_end = -1,                                                                   \
                        .kept = KEPT_NONE})

void container_free(struct container *container);
#define cleanup_container __attribute__((cleanup(container_free)))

/* The network is the container's own or its pod's. The host's is not the guest's to take over: redirecting
 * the host's interface would cut the host off. */
bool container_has_network(const struct container *container);

#endif
