/* Sharing the pod's address between the guest and the other containers of the pod:
 * runtime/network/sharing/filter.c tells how. */
#ifndef RUNTIME_NETWORK_SHARE_H
#define RUNTIME_NETWORK_SHARE_H

#include <stdbool.h>

#include "formats/base/error.h"
#include "runtime/network/sharing/settings.h"

struct nl_sock;
struct network;

struct sharing {
    int program;                       /* the loaded filter; -1: none; owned */
    struct sharing_settings *settings; /* memory that is shared with the filter, also over fork; owned */
};

#define SHARING_NONE ((struct sharing){.program = -1})

/* Loads the filter. Needs CAP_BPF (before Linux 5.8 CAP_SYS_ADMIN) and CAP_NET_ADMIN of the first user
 * namespace. On failure there is none, with the reason in `error`: the guest then takes the interface for
 * itself alone. */
int sharing_load(struct sharing *sharing, struct error *error);
void sharing_close(struct sharing *sharing);

/* Tells the filter of the tap, and of address and MAC of `network`. */
void sharing_settle(const struct sharing *sharing, const struct network *network, int tap);

/* Puts the filter before the redirect at that interface's ingress qdisc. Needs CAP_NET_ADMIN of the network
 * namespace's owner. */
int sharing_attach(struct nl_sock *socket, const struct sharing *sharing, int interface, const char *name,
                   struct error *error);

/* Lets lo take packets whose source is an address of the namespace's own, or gives that up. */
int sharing_open_loopback(struct nl_sock *socket, bool open, struct error *error);

#endif
