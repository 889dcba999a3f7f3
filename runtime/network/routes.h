/* The routes of the container's network namespace. */
#ifndef RUNTIME_NETWORK_ROUTES_H
#define RUNTIME_NETWORK_ROUTES_H

#include "runtime/network/network.h"

struct nl_addr;
struct nl_cache;

/* The interface of the family's default route with the lowest metric, 0 where there is none; `gateway` (of
 * NETWORK_TEXT) gets the route's, "" where it has none. With an `interface` other than 0 only that one's
 * routes count. */
int routes_find_default(struct nl_cache *routes, int family, int interface, char *gateway);

/* Adds to `network` the interface's other routes of the main table that the kernel did not make by itself,
 * IPv4 and IPv6: as many as there is room for. */
void routes_read(struct nl_cache *routes, int interface, struct network *network);

/* An address as text of at most NETWORK_TEXT; "" where it is of neither family. Never "/24" behind it. */
void routes_print_address(const struct nl_addr *address, char *text);

#endif
