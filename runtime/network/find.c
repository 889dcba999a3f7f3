/* Reading the container's interface: address, gateway, MTU, MAC; and its nameserver. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <netlink/route/addr.h>
#include <netlink/route/route.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/network/netlink.h"
#include "runtime/network/network.h"

/* 65535 without an Ethernet header (Linux, drivers/net/tun.c); a veth can have more. */
enum { TAP_MTU_MAX = 65521 };

/* Addresses as libnl prints them may carry "/24"; here they never do. */
static void print_address(const struct nl_addr *address, char *text)
{
    if (inet_ntop(AF_INET, nl_addr_get_binary_addr(address), text, NETWORK_TEXT) == NULL)
        *text = '\0';
}

static bool is_default(struct rtnl_route *route)
{
    return rtnl_route_get_family(route) == AF_INET && rtnl_route_get_type(route) == RTN_UNICAST &&
           rtnl_route_get_table(route) == RT_TABLE_MAIN &&
           nl_addr_get_prefixlen(rtnl_route_get_dst(route)) == 0 && rtnl_route_get_nnexthops(route) > 0;
}

/* The interface of the default route with the lowest metric, 0 where there is no such route; its gateway, if
 * any. */
static int find_default(struct nl_sock *socket, char *gateway, struct error *error)
{
    cleanup_nl_cache struct nl_cache *routes = NULL;
    int number = rtnl_route_alloc_cache(socket, AF_INET, 0, &routes);
    if (number < 0)
        return netlink_error(error, number, "cannot list", "routes");
    struct rtnl_route *best = NULL;
    for (struct nl_object *object = nl_cache_get_first(routes); object != NULL;
         object = nl_cache_get_next(object)) {
        struct rtnl_route *route = (struct rtnl_route *)object;
        if (is_default(route) &&
            (best == NULL || rtnl_route_get_priority(route) < rtnl_route_get_priority(best)))
            best = route;
    }
    if (best == NULL)
        return 0;
    struct rtnl_nexthop *hop = rtnl_route_nexthop_n(best, 0);
    struct nl_addr *address = rtnl_route_nh_get_gateway(hop);
    if (address != NULL && nl_addr_get_family(address) == AF_INET)
        print_address(address, gateway);
    return rtnl_route_nh_get_ifindex(hop);
}

static bool is_loopback(struct nl_addr *address)
{
    const unsigned char *bytes = nl_addr_get_binary_addr(address);
    return bytes[0] == IN_LOOPBACKNET;
}

/* The only interface with an IPv4 address besides loopback addresses; 0 where there are none or several. */
static int find_only(struct nl_cache *addresses)
{
    int only = 0;
    for (struct nl_object *object = nl_cache_get_first(addresses); object != NULL;
         object = nl_cache_get_next(object)) {
        struct rtnl_addr *address = (struct rtnl_addr *)object;
        int index = rtnl_addr_get_ifindex(address);
        if (rtnl_addr_get_family(address) != AF_INET || is_loopback(rtnl_addr_get_local(address)) ||
            index == only)
            continue;
        if (only != 0)
            return 0;
        only = index;
    }
    return only;
}

static void print_netmask(unsigned prefix, char *text)
{
    struct in_addr mask = {.s_addr = prefix == 0 ? 0 : htonl(~UINT32_C(0) << (32 - prefix))};
    inet_ntop(AF_INET, &mask, text, NETWORK_TEXT);
}

/* The first address of the interface that is not a secondary one. */
static bool read_address(struct nl_cache *addresses, int index, struct network *network)
{
    for (struct nl_object *object = nl_cache_get_first(addresses); object != NULL;
         object = nl_cache_get_next(object)) {
        struct rtnl_addr *address = (struct rtnl_addr *)object;
        if (rtnl_addr_get_family(address) != AF_INET || rtnl_addr_get_ifindex(address) != index ||
            (rtnl_addr_get_flags(address) & IFA_F_SECONDARY))
            continue;
        print_address(rtnl_addr_get_local(address), network->address);
        int prefix = rtnl_addr_get_prefixlen(address);
        network->prefix = prefix < 0 || prefix > 32 ? 32 : (unsigned)prefix;
        print_netmask(network->prefix, network->netmask);
        return true;
    }
    return false;
}

static int read_link(struct nl_sock *socket, int index, struct network *network, struct error *error)
{
    cleanup_rtnl_link struct rtnl_link *link = NULL;
    char name[16];
    snprintf(name, sizeof name, "%d", index);
    int number = rtnl_link_get_kernel(socket, index, NULL, &link);
    if (number < 0)
        return netlink_error(error, number, "cannot read interface", name);
    snprintf(network->interface, sizeof network->interface, "%s", rtnl_link_get_name(link));
    struct nl_addr *mac = rtnl_link_get_addr(link);
    if (rtnl_link_get_arptype(link) != ARPHRD_ETHER || mac == NULL || nl_addr_get_len(mac) != 6)
        return error_set(error, "network: %s: not an Ethernet interface, so a guest cannot take its place",
                         network->interface);
    const unsigned char *m = nl_addr_get_binary_addr(mac);
    snprintf(network->mac, sizeof network->mac, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
             m[5]);
    network->mtu = rtnl_link_get_mtu(link);
    if (network->mtu > TAP_MTU_MAX)
        network->mtu = TAP_MTU_MAX;
    return 0;
}

static int name_tap(char *name, size_t size, struct error *error)
{
    uint32_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        return error_errno(error, errno, "network: getrandom");
    snprintf(name, size, "urunc%08x", number);
    return 0;
}

static int fill_in(struct nl_sock *socket, struct nl_cache *addresses, int index, struct network *network,
                   struct error *error)
{
    read_address(addresses, index, network);
    return read_link(socket, index, network, error) < 0 ? -1
                                                        : name_tap(network->tap, sizeof network->tap, error);
}

static bool is_further(struct rtnl_link *link, int first)
{
    struct nl_addr *mac = rtnl_link_get_addr(link);
    const char *kind = rtnl_link_get_type(link);
    return rtnl_link_get_ifindex(link) != first && rtnl_link_get_arptype(link) == ARPHRD_ETHER &&
           mac != NULL && nl_addr_get_len(mac) == 6 && (kind == NULL || strcmp(kind, "tun") != 0);
}

static int compare_numbers(const void *left, const void *right)
{
    int l = *(const int *)left, r = *(const int *)right;
    return (l > r) - (l < r);
}

/* The numbers of the other interfaces, ascending. Owned by the caller. */
static int *list_further(struct nl_sock *socket, int first, size_t *count, struct error *error)
{
    cleanup_nl_cache struct nl_cache *links = NULL;
    int number = rtnl_link_alloc_cache(socket, AF_UNSPEC, &links);
    if (number < 0) {
        netlink_error(error, number, "cannot list", "interfaces");
        return NULL;
    }
    int *indexes = xcalloc((size_t)nl_cache_nitems(links) + 1, sizeof *indexes);
    *count = 0;
    for (struct nl_object *object = nl_cache_get_first(links); object != NULL;
         object = nl_cache_get_next(object))
        if (is_further((struct rtnl_link *)object, first))
            indexes[(*count)++] = rtnl_link_get_ifindex((struct rtnl_link *)object);
    qsort(indexes, *count, sizeof *indexes, compare_numbers);
    return indexes;
}

static int find_further(struct nl_sock *socket, struct nl_cache *addresses, int first,
                        struct network *networks, size_t limit, struct error *error)
{
    size_t count = 0, found = 0;
    cleanup_free int *indexes = list_further(socket, first, &count, error);
    if (indexes == NULL)
        return -1;
    for (; found < count && found < limit; found++)
        if (fill_in(socket, addresses, indexes[found], &networks[found], error) < 0)
            return -1;
    return (int)found;
}

int network_find(struct network *networks, size_t limit, struct error *error)
{
    memset(networks, 0, limit * sizeof *networks);
    cleanup_nl_socket struct nl_sock *socket = netlink_open(error);
    if (socket == NULL)
        return -1;
    cleanup_nl_cache struct nl_cache *addresses = NULL;
    int number = rtnl_addr_alloc_cache(socket, &addresses);
    if (number < 0)
        return netlink_error(error, number, "cannot list", "addresses");
    int index = find_default(socket, networks->gateway, error);
    if (index < 0)
        return -1;
    if (index == 0)
        index = find_only(addresses);
    if (index == 0 || !read_address(addresses, index, networks))
        return 0;
    if (fill_in(socket, addresses, index, networks, error) < 0)
        return -1;
    int further = limit > 1 ? find_further(socket, addresses, index, networks + 1, limit - 1, error) : 0;
    return further < 0 ? -1 : 1 + further;
}

/* resolv.conf(5): "nameserver", blanks, an address. A loopback address (Docker's 127.0.0.11, systemd's
 * 127.0.0.53) is a server in the container's namespace, which the guest cannot reach. */
void network_read_dns(const char *resolv_conf, struct network *network)
{
    static const char keyword[] = "nameserver";
    network->dns[0] = '\0';
    for (const char *line = resolv_conf; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *value = line + strspn(line, " \t");
        if (strncmp(value, keyword, sizeof keyword - 1) != 0)
            continue;
        value += sizeof keyword - 1;
        size_t blanks = strspn(value, " \t");
        value += blanks;
        size_t length = strcspn(value, " \t\r\n#;");
        char text[NETWORK_TEXT];
        struct in_addr address;
        if (blanks == 0 || length >= sizeof text)
            continue;
        memcpy(text, value, length);
        text[length] = '\0';
        if (inet_pton(AF_INET, text, &address) != 1 || ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET)
            continue;
        memcpy(network->dns, text, length + 1);
        return;
    }
}
