/* The guest's network: what the container's interface has, and a tap joined to it. */
#ifndef RUNTIME_NETWORK_NETWORK_H
#define RUNTIME_NETWORK_NETWORK_H

#include <stdbool.h>
#include <sys/types.h>

#include "formats/base/error.h"

enum {
    NETWORK_TEXT = 46, /* an address as text, with its NUL */
    NETWORK_MAX = 63,  /* interfaces of one guest: as many as a Solo5 manifest can declare */
    NETWORK_ROUTES = 32,
    NETWORK_SERVERS = 3, /* as many as a resolver asks (resolv.conf(5)) */
    NETWORK_WORDS = 512, /* of search domains or options, with the NUL */
};

/* Of a guest that is not at the container's address but in a subnet behind it. */
#define NETWORK_SUBNET_GATEWAY "172.16.1.1"
#define NETWORK_SUBNET_GUEST   "172.16.1.2"
enum { NETWORK_SUBNET_PREFIX = 24 };

#define TAP_PREFIX "urunc"   /* of the names of taps; digits of base 16 follow */
enum { TAP_NAME_SIZE = 16 }; /* IFNAMSIZ */

struct network_route {
    char destination[NETWORK_TEXT]; /* IPv4 or IPv6 */
    unsigned prefix;                /* bits */
    char gateway[NETWORK_TEXT];     /* of the same family; "": on the link */
};

struct network {
    char interface[16];          /* "eth0" */
    char mac[18];                /* its MAC, which the guest takes */
    unsigned mtu;                /* the interface's, or the most that a tap can have */
    char address[NETWORK_TEXT];  /* IPv4 dotted quad; "": none */
    unsigned prefix;             /* bits */
    char netmask[NETWORK_TEXT];  /* the prefix as dotted quad */
    char gateway[NETWORK_TEXT];  /* of the default route; "" where there is none */
    char address6[NETWORK_TEXT]; /* IPv6, the first beyond the link; "": none */
    unsigned prefix6;            /* bits */
    char gateway6[NETWORK_TEXT]; /* often link-local; "" where there is none */
    struct network_route routes[NETWORK_ROUTES];
    size_t route_count;
    char dns[NETWORK_TEXT];                      /* the first IPv4 nameserver, or "" */
    char servers[NETWORK_SERVERS][NETWORK_TEXT]; /* nameservers of both families */
    size_t server_count;
    char search[NETWORK_WORDS];  /* domains, with commas between them */
    char options[NETWORK_WORDS]; /* of the resolver, likewise */
    char pod[NETWORK_TEXT];      /* the container's IPv4 where the guest has one of its own subnet, else "" */
    char tap[TAP_NAME_SIZE];     /* "urunc0123abcd" */
    bool has_sidecars;           /* the guest and other containers of its pod can call each other */
};

struct sharing;

/* How taps are made. */
struct tap_options {
    uid_t owner;
    gid_t group;
    const int *queues; /* opened as `tun` is, for queues beyond the first; borrowed */
    size_t queue_count;
    bool raw;                      /* frames as they are on the wire: no vnet header, nothing offloaded */
    const struct sharing *sharing; /* NULL: every frame is the guest's; borrowed */
};

/*
 * In the calling process's network namespace: finds the interface with the IPv4 default route (else with that
 * of IPv6, else the only interface besides lo that has an address of more than its link), and where `limit`
 * is more than 1 the other Ethernet interfaces behind it, in the order of their numbers. (Taps are left out:
 * other containers of the pod have theirs there.) Returns how many it filled in; 0 where the first is
 * missing, which is not an error.
 */
int network_find(struct network *networks, size_t limit, struct error *error);

/* Turns the container's network into a subnet behind it, which network_join then makes. Only IPv4. */
void network_take_subnet(struct network *network);

/* Takes nameservers that a guest can reach, search domains and options from the text of a resolv.conf. */
void network_read_dns(const char *resolv_conf, struct network *network);

#define NETWORK_TUN_DEVICE   "/dev/net/tun"
#define NETWORK_VHOST_DEVICE "/dev/vhost-net"

/* Opens NETWORK_TUN_DEVICE for network_join in the calling process's network namespace: the tap will be in
 * this one. Returns a descriptor (owned, close-on-exec), or -1 and errno. */
int network_open_tun(void);

/* Turns `tun` into the tap of that name (it goes with its descriptor; same MTU), brings it up and joins it
 * with the interface by ingress qdiscs and redirects, both ways; or, where the guest has a subnet of its own,
 * by forwarding and address translation. Says in network->has_sidecars whether it shares. On failure
 * everything is undone once `tun` is closed. Needs CAP_NET_ADMIN, and no file of the host. */
int network_join(struct network *network, int tun, const struct tap_options *options, struct error *error);

/* Lets the tap stay when `tun` is closed, for whoever attaches to it by its name: its owner can, and needs no
 * capability. It goes with its namespace, or by network_leave. */
int network_keep_tap(const struct network *network, int tun, struct error *error);

/* What network_join leaves, as network_leave wants it told: an interface by its name; lo, where the guest
 * shares the address; and for a subnet the interface's name behind this. (No interface's name has a slash.)
 */
#define NETWORK_OF_SUBNET "subnet/"

/* Removes in the calling process's network namespace what network_join left of one of these, the ingress
 * qdisc, unless it leads to somebody else's device, or the address translation, and the tap where it still
 * stands. A missing one is not an error. Returns 0, or -1 with the error set. */
int network_leave(const char *joined, const char *tap, struct error *error);

#endif
