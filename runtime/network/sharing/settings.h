/* What the packet filter of filter.c is told by runtime/network/sharing.c. */
#ifndef RUNTIME_NETWORK_SHARING_SETTINGS_H
#define RUNTIME_NETWORK_SHARING_SETTINGS_H

#include <linux/types.h>

/* Of the network namespace's lo, always (Linux, net/core/dev.c: LOOPBACK_IFINDEX). */
enum { SHARING_LOOPBACK = 1 };

struct sharing_settings {
    __u32 tap;         /* the tap's number */
    __u32 guest;       /* its address, IPv4 in network order; 0: none */
    __u32 pod;         /* likewise; mostly the same */
    __u32 address6[4]; /* of both, IPv6 in network order; zeros: none */
    __u8 mac[6];       /* the guest's */
    __u8 unused[2];    /* zero */
};

/* Where the filter has its settings until it is loaded. Nothing of it is in the lower half. */
#define SHARING_PLACEHOLDER 0x7572756e00000000ULL

/* What a guest calls the pod's other containers by: what these reach at the pod's address, and at 127.0.0.1
 * or
 * ::1. Link-local (RFC 3927), so that no router carries them; in IPv6, where a guest would look for a
 * link-local one on the link, they are local and have a made-up number (RFC 4193). */
#define SHARING_POD_ADDRESS       "169.254.77.1"
#define SHARING_LOOPBACK_ADDRESS  "169.254.77.2"
#define SHARING_POD_ADDRESS6      "fd9e:6b04:a9fe:4d::1"
#define SHARING_LOOPBACK_ADDRESS6 "fd9e:6b04:a9fe:4d::2"

#endif
