#include "runtime/network/routes.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <netlink/cache.h>
#include <netlink/route/route.h>
#include <stdbool.h>

void routes_print_address(const struct nl_addr *address, char *text)
{
    int family = nl_addr_get_family(address);
    bool known = family == AF_INET || family == AF_INET6;
    if (!known || inet_ntop(family, nl_addr_get_binary_addr(address), text, NETWORK_TEXT) == NULL)
        *text = '\0';
}

/* By one gateway at most: of a route over several links a guest with one of them has nothing. */
static bool is_ordinary(struct rtnl_route *route, int interface)
{
    if (rtnl_route_get_type(route) != RTN_UNICAST || rtnl_route_get_table(route) != RT_TABLE_MAIN ||
        rtnl_route_get_nnexthops(route) != 1)
        return false;
    return interface == 0 || rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route, 0)) == interface;
}

static bool is_default(struct rtnl_route *route)
{
    return nl_addr_get_prefixlen(rtnl_route_get_dst(route)) == 0;
}

static void read_gateway(struct rtnl_route *route, char *gateway)
{
    struct nl_addr *address = rtnl_route_nh_get_gateway(rtnl_route_nexthop_n(route, 0));
    *gateway = '\0';
    if (address != NULL && nl_addr_get_family(address) == rtnl_route_get_family(route))
        routes_print_address(address, gateway);
}

int routes_find_default(struct nl_cache *routes, int family, int interface, char *gateway)
{
    struct rtnl_route *best = NULL;
    *gateway = '\0';
    for (struct nl_object *object = nl_cache_get_first(routes); object != NULL;
         object = nl_cache_get_next(object)) {
        struct rtnl_route *route = (struct rtnl_route *)object;
        if (rtnl_route_get_family(route) == family && is_ordinary(route, interface) && is_default(route) &&
            (best == NULL || rtnl_route_get_priority(route) < rtnl_route_get_priority(best)))
            best = route;
    }
    if (best == NULL)
        return 0;
    read_gateway(best, gateway);
    return rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(best, 0));
}

/* The kernel makes the routes to the subnets of an interface's addresses, link-local ones among them; a
 * guest's kernel does, too. */
static bool is_made_by_hand(struct rtnl_route *route)
{
    return rtnl_route_get_protocol(route) != RTPROT_KERNEL &&
           rtnl_route_get_protocol(route) != RTPROT_REDIRECT;
}

void routes_read(struct nl_cache *routes, int interface, struct network *network)
{
    for (struct nl_object *object = nl_cache_get_first(routes);
         object != NULL && network->route_count < NETWORK_ROUTES; object = nl_cache_get_next(object)) {
        struct rtnl_route *route = (struct rtnl_route *)object;
        if (!is_ordinary(route, interface) || is_default(route) || !is_made_by_hand(route))
            continue;
        struct network_route *into = &network->routes[network->route_count];
        routes_print_address(rtnl_route_get_dst(route), into->destination);
        into->prefix = nl_addr_get_prefixlen(rtnl_route_get_dst(route));
        read_gateway(route, into->gateway);
        network->route_count += *into->destination != '\0';
    }
}
