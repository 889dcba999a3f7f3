/* The guest's network: what the container's interface has, and a tap joined to it. */
#ifndef RUNTIME_NETWORK_NETWORK_H
#define RUNTIME_NETWORK_NETWORK_H

#include <stdbool.h>
#include <sys/types.h>

#include "formats/base/error.h"

enum { NETWORK_TEXT = 46 }; /* an address as text, with its NUL */

struct network {
    char interface[16];         /* that carries the default route: "eth0" */
    char mac[18];               /* its MAC, which the guest takes */
    unsigned mtu;               /* the interface's, or the most that a tap can have */
    char address[NETWORK_TEXT]; /* IPv4 dotted quad */
    unsigned prefix;            /* bits */
    char netmask[NETWORK_TEXT]; /* the prefix as dotted quad */
    char gateway[NETWORK_TEXT]; /* "" where there is none */
    char dns[NETWORK_TEXT];     /* the first IPv4 nameserver, or "" */
    char tap[16];               /* "urunc0" */
};

/*
 * In the calling process's network namespace: finds the interface with the IPv4 default route (else the only
 * interface besides lo that has an IPv4 address). Returns 1 and fills the struct, 0 where there is none,
 * which is not an error.
 */
int network_find(struct network *network, struct error *error);

/* Takes the first IPv4 nameserver from the text of a resolv.conf. */
void network_read_dns(const char *resolv_conf, struct network *network);

/* Opens /dev/net/tun for network_join in the calling process's network namespace: the tap will be in this
 * one. Returns a descriptor (owned, close-on-exec), or -1 and errno. */
int network_open_tun(void);

/* Turns `tun` into the tap of that name (not persistent: it goes with its descriptor; vnet header; owner uid,
 * same MTU), brings it up and joins it with the interface by ingress qdiscs and redirects, both ways. On
 * failure everything is undone once `tun` is closed. Needs CAP_NET_ADMIN, and no file of the host. */
int network_join(const struct network *network, int tun, uid_t owner, gid_t group, struct error *error);

/* Removes what network_join left in the calling process's network namespace: the interface's ingress qdisc,
 * unless it leads to somebody else's device, and the tap where it still stands. A missing one is not an
 * error. Returns 0, or -1 with the error set. */
int network_leave(const char *interface, const char *tap, struct error *error);

#endif
