/* The guest's network: opened by the container's process while it still can, joined by it at `start`. */
#ifndef RUNTIME_PROCESS_GUEST_GUEST_NETWORK_H
#define RUNTIME_PROCESS_GUEST_GUEST_NETWORK_H

#include "runtime/process/container.h"

/* How many interfaces the guest can take, 0 where it gets none. */
size_t guest_network_limit(const struct container *container);

/* For `create`: loads into container->sharing what lets the guest share the address with other containers of
 * its pod. Only a network namespace that is joined can have others. Without the privilege there is none. */
void guest_network_share(struct container *container);

/* Keeps in container->kept what joining needs and the private root has not: /dev/net/tun, once for each tap,
 * and the text of resolv.conf. A missing /dev/net/tun is an error only where `start` finds a network, so it
 * is left to `start`. */
void guest_network_keep(struct container *container);

/* Finds the interfaces, tells `start` by `connection` what is about to be joined, joins each with a tap, and
 * adds the taps to the boot. A monitor that attaches by name finds its tap there, not attached to anything.
 * `networks` has room for guest_network_limit. Returns their number, or -1. Needs CAP_NET_ADMIN. */
int guest_network_join(struct container *container, int connection, struct network *networks,
                       struct boot *boot, struct error *error);

#endif
