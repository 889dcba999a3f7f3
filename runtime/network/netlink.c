#include "runtime/network/netlink.h"

#include <stdlib.h>

int netlink_error(struct error *error, int number, const char *what, const char *device)
{
    return error_set(error, "network: %s %s: %s", what, device, nl_geterror(number));
}

struct nl_sock *netlink_open(struct error *error)
{
    struct nl_sock *socket = nl_socket_alloc();
    if (socket == NULL)
        abort(); /* out of memory, like formats/memory */
    int number = nl_connect(socket, NETLINK_ROUTE);
    if (number < 0) {
        nl_socket_free(socket);
        netlink_error(error, number, "cannot open", "netlink");
        return NULL;
    }
    return socket;
}
