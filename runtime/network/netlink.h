/* Release by scope for libnl's objects, and its errors as ours. */
#ifndef RUNTIME_NETWORK_NETLINK_H
#define RUNTIME_NETWORK_NETLINK_H

#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/action.h>
#include <netlink/route/classifier.h>
#include <netlink/route/link.h>
#include <netlink/route/qdisc.h>
#include <netlink/socket.h>

#include "formats/base/error.h"

#define NETLINK_CLEANUP(type, name, release)                                                                 \
    static inline void cleanup_##name##_(type **object)                                                      \
    {                                                                                                        \
        if (*object != NULL)                                                                                 \
            release(*object);                                                                                \
    }

NETLINK_CLEANUP(struct nl_sock, nl_socket, nl_socket_free)
NETLINK_CLEANUP(struct nl_cache, nl_cache, nl_cache_free)
NETLINK_CLEANUP(struct rtnl_link, rtnl_link, rtnl_link_put)
NETLINK_CLEANUP(struct rtnl_qdisc, rtnl_qdisc, rtnl_qdisc_put)
NETLINK_CLEANUP(struct rtnl_cls, rtnl_cls, rtnl_cls_put)
NETLINK_CLEANUP(struct rtnl_act, rtnl_act, rtnl_act_put)

#define cleanup_nl_socket  __attribute__((cleanup(cleanup_nl_socket_)))
#define cleanup_nl_cache   __attribute__((cleanup(cleanup_nl_cache_)))
#define cleanup_rtnl_link  __attribute__((cleanup(cleanup_rtnl_link_)))
#define cleanup_rtnl_qdisc __attribute__((cleanup(cleanup_rtnl_qdisc_)))
#define cleanup_rtnl_cls   __attribute__((cleanup(cleanup_rtnl_cls_)))
#define cleanup_rtnl_act   __attribute__((cleanup(cleanup_rtnl_act_)))

enum {
    NETLINK_INGRESS = 0xffff0000, /* the ingress qdisc's handle, ffff: */
    /* The preference of the redirect, and of what decides before it. */
    NETLINK_REDIRECT = 2,
    NETLINK_BEFORE_REDIRECT = 1,
};

/* A routing socket in the calling process's network namespace; the caller frees it. NULL with the error set.
 */
struct nl_sock *netlink_open(struct error *error);

/* Sets "network: WHAT DEVICE: text of the libnl error number" and returns -1. */
int netlink_error(struct error *error, int number, const char *what, const char *device);

#endif
