/* A guest in a subnet of its own behind the container's address: forwarding, and address translation by a
 * table of nftables, without the program nft. */
#ifndef RUNTIME_NETWORK_TRANSLATE_H
#define RUNTIME_NETWORK_TRANSLATE_H

#include "formats/base/error.h"

struct nl_sock;
struct network;

/* Gives the tap NETWORK_SUBNET_GATEWAY, lets the namespace forward between it and the interface, and has what
 * the guest sends to the outside leave with the interface's address. `socket` is a routing socket. */
int translate_begin(struct nl_sock *socket, const struct network *network, int interface, int tap,
                    struct error *error);

/* Takes that back; the address goes with the tap. Nothing to take back is not an error. */
int translate_end(struct nl_sock *socket, const char *interface, const char *tap, struct error *error);

#endif
