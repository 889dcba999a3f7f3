/* Reading the container's interfaces: addresses, gateways, MTU, MAC. */
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
#include "runtime/network/routes.h"

/* 65535 without an Ethernet header (Linux, drivers/net/tun.c); a veth can have more. */
enum { TAP_MTU_MAX = 65521 };

/* An address by which others than the link's neighbours can call. */
static bool is_beyond_link(struct rtnl_addr *address)
{
    struct nl_addr *local = rtnl_addr_get_local(address);
    const unsigned char *bytes = local != NULL ? nl_addr_get_binary_addr(local) : NULL;
    if (bytes == NULL)
        return false;
    if (rtnl_addr_get_family(address) == AF_INET)
        return bytes[0] != IN_LOOPBACKNET;
    const struct in6_addr *in6 = (const struct in6_addr *)bytes;
    return rtnl_addr_get_family(address) == AF_INET6 && !IN6_IS_ADDR_LOOPBACK(in6) &&
           !IN6_IS_ADDR_LINKLOCAL(in6);
}

/* The only interface with such an address; 0 where there are none or several. */
static int find_only(struct nl_cache *addresses)
{
    int only = 0;
    for (struct nl_object *object = nl_cache_get_first(addresses); object != NULL;
         object = nl_cache_get_next(object)) {
        struct rtnl_addr *address = (struct rtnl_addr *)object;
        int index = rtnl_addr_get_ifindex(address);
        if (!is_beyond_link(address) || index == only)
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

/* The first of the family that stays: secondary ones of IPv4, and temporary and outdated ones of IPv6, which
 * have the same flags, do not count. */
static struct rtnl_addr *first_address(struct nl_cache *addresses, int index, int family)
{
    for (struct nl_object *object = nl_cache_get_first(addresses); object != NULL;
         object = nl_cache_get_next(object)) {
        struct rtnl_addr *address = (struct rtnl_addr *)object;
        if (rtnl_addr_get_family(address) == family && rtnl_addr_get_ifindex(address) == index &&
            is_beyond_link(address) && !(rtnl_addr_get_flags(address) & (IFA_F_SECONDARY | IFA_F_DEPRECATED)))
            return address;
    }
    return NULL;
}

static unsigned prefix_of(struct rtnl_addr *address, unsigned most)
{
    int prefix = rtnl_addr_get_prefixlen(address);
    return prefix < 0 || (unsigned)prefix > most ? most : (unsigned)prefix;
}

static bool read_addresses(struct nl_cache *addresses, int index, struct network *network)
{
    struct rtnl_addr *four = first_address(addresses, index, AF_INET);
    struct rtnl_addr *six = first_address(addresses, index, AF_INET6);
    if (four != NULL) {
        routes_print_address(rtnl_addr_get_local(four), network->address);
        network->prefix = prefix_of(four, 32);
        print_netmask(network->prefix, network->netmask);
    }
    if (six != NULL) {
        routes_print_address(rtnl_addr_get_local(six), network->address6);
        network->prefix6 = prefix_of(six, 128);
    }
    return four != NULL || six != NULL;
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
    snprintf(name, size, TAP_PREFIX "%08x", number);
    return 0;
}

/* What the kernel says, listed once for all interfaces. */
struct listing {
    struct nl_sock *socket;
    struct nl_cache *addresses;
    struct nl_cache *routes;
};

static int fill_in(const struct listing *listing, int index, struct network *network, struct error *error)
{
    read_addresses(listing->addresses, index, network);
    routes_read(listing->routes, index, network);
    return read_link(listing->socket, index, network, error) < 0
               ? -1
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

static int find_further(const struct listing *listing, int first, struct network *networks, size_t limit,
                        struct error *error)
{
    size_t count = 0, found = 0;
    cleanup_free int *indexes = list_further(listing->socket, first, &count, error);
    if (indexes == NULL)
        return -1;
    for (; found < count && found < limit; found++)
        if (fill_in(listing, indexes[found], &networks[found], error) < 0)
            return -1;
    return (int)found;
}

void network_take_subnet(struct network *network)
{
    if (*network->address == '\0')
        return;
    strcpy(network->pod, network->address);
    strcpy(network->address, NETWORK_SUBNET_GUEST);
    strcpy(network->gateway, NETWORK_SUBNET_GATEWAY);
    network->prefix = NETWORK_SUBNET_PREFIX;
    print_netmask(network->prefix, network->netmask);
    *network->address6 = *network->gateway6 = '\0';
    network->route_count = 0;
}

static int find_first(const struct listing *listing, struct network *network)
{
    int index = routes_find_default(listing->routes, AF_INET, 0, network->gateway);
    if (index == 0)
        index = routes_find_default(listing->routes, AF_INET6, 0, network->gateway6);
    else
        routes_find_default(listing->routes, AF_INET6, index, network->gateway6);
    return index != 0 ? index : find_only(listing->addresses);
}

int network_find(struct network *networks, size_t limit, struct error *error)
{
    memset(networks, 0, limit * sizeof *networks);
    cleanup_nl_socket struct nl_sock *socket = netlink_open(error);
    if (socket == NULL)
        return -1;
    cleanup_nl_cache struct nl_cache *addresses = NULL, *routes = NULL;
    int number = rtnl_addr_alloc_cache(socket, &addresses);
    if (number < 0)
        return netlink_error(error, number, "cannot list", "addresses");
    number = rtnl_route_alloc_cache(socket, AF_UNSPEC, 0, &routes);
    if (number < 0)
        return netlink_error(error, number, "cannot list", "routes");
    const struct listing listing = {.socket = socket, .addresses = addresses, .routes = routes};
    int index = find_first(&listing, networks);
    if (index == 0 || !read_addresses(addresses, index, networks))
        return 0;
    if (fill_in(&listing, index, networks, error) < 0)
        return -1;
    int further = limit > 1 ? find_further(&listing, index, networks + 1, limit - 1, error) : 0;
    return further < 0 ? -1 : 1 + further;
}
