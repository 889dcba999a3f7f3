/*
 * The tap and its two redirects.
 *
 * Every frame that arrives at the container's interface is handed to the tap's sending side, which is the
 * guest, before the container's own network stack sees it; every frame that the guest sends is handed to the
 * interface. The guest so takes the container's place on the wire: same MAC, same address, no bridge and no
 * address of our own in between. An ingress qdisc and one u32 filter that matches everything do it on each
 * side (matchall would be simpler, and is not in every kernel). In a pod a packet filter stands before them
 * that makes exceptions (runtime/network/sharing/filter.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>
#include <netlink/route/act/mirred.h>
#include <netlink/route/cls/u32.h>
#include <netlink/route/link/inet6.h>
#include <netlink/route/tc.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/network/netlink.h"
#include "runtime/network/network.h"
#include "runtime/network/share.h"
#include "runtime/network/translate.h"

int network_open_tun(void)
{
    return open(NETWORK_TUN_DEVICE, O_RDWR | O_CLOEXEC);
}

static int make_tap(const struct network *network, int fd, const struct tap_options *options,
                    struct error *error)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    if (!options->raw)
        request.ifr_flags |= IFF_VNET_HDR;
    if (options->queue_count > 0)
        request.ifr_flags |= IFF_MULTI_QUEUE;
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", network->tap);
    if (ioctl(fd, TUNSETIFF, &request) < 0)
        return error_errno(error, errno, "network: cannot make the tap %s", network->tap);
    for (size_t i = 0; i < options->queue_count; i++)
        if (ioctl(options->queues[i], TUNSETIFF, &request) < 0)
            return error_errno(error, errno, "network: %s: cannot add a queue", network->tap);
    unsigned long owner = options->owner, group = options->group;
    if (ioctl(fd, TUNSETOWNER, owner) < 0 || ioctl(fd, TUNSETGROUP, group) < 0)
        return error_errno(error, errno, "network: %s: cannot give the tap to %lu:%lu", network->tap, owner,
                           group);
    return 0;
}

/* Frames that the kernel put together of several (generic receive and segmentation offload) are longer than a
 * guest's buffers, and a guest without the vnet header cannot see it; Solo5's tenders, which have not the
 * privilege any more, switch off the same (tenders/common/tap_attach.c). */
static int stop_offloads(const char *tap, struct error *error)
{
    static const uint32_t commands[] = {ETHTOOL_SGRO, ETHTOOL_SGSO, ETHTOOL_STSO};
    cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_errno(error, errno, "network: %s", tap);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        struct ethtool_value off = {.cmd = commands[i]};
        struct ifreq request = {.ifr_data = (char *)&off};
        snprintf(request.ifr_name, sizeof request.ifr_name, "%s", tap);
        if (ioctl(fd, SIOCETHTOOL, &request) < 0)
            return error_errno(error, errno, "network: %s: cannot stop the tap's offloads", tap);
    }
    return 0;
}

/* IPv6 stays off the host's side of the tap: the kernel would make an address and speak to the guest by
 * itself. */
static void silence_ipv6(struct nl_sock *socket, struct rtnl_link *tap)
{
    cleanup_rtnl_link struct rtnl_link *change = rtnl_link_alloc();
    if (change != NULL &&
        rtnl_link_inet6_set_addr_gen_mode(change, rtnl_link_inet6_str2addrgenmode("none")) == 0)
        rtnl_link_change(socket, tap, change, 0); /* a kernel without IPv6 refuses and needs none of it */
}

static int raise_tap(struct nl_sock *socket, const struct network *network, int *index, struct error *error)
{
    cleanup_rtnl_link struct rtnl_link *tap = NULL;
    int number = rtnl_link_get_kernel(socket, 0, network->tap, &tap);
    if (number < 0)
        return netlink_error(error, number, "cannot find the tap", network->tap);
    silence_ipv6(socket, tap);
    cleanup_rtnl_link struct rtnl_link *change = rtnl_link_alloc();
    rtnl_link_set_mtu(change, network->mtu);
    rtnl_link_set_flags(change, IFF_UP);
    number = rtnl_link_change(socket, tap, change, 0);
    if (number < 0)
        return netlink_error(error, number, "cannot bring up the tap", network->tap);
    *index = rtnl_link_get_ifindex(tap);
    return 0;
}

static struct rtnl_qdisc *ingress_of(int index)
{
    struct rtnl_qdisc *qdisc = rtnl_qdisc_alloc();
    rtnl_tc_set_ifindex(TC_CAST(qdisc), index);
    rtnl_tc_set_parent(TC_CAST(qdisc), TC_H_INGRESS);
    rtnl_tc_set_handle(TC_CAST(qdisc), NETLINK_INGRESS);
    rtnl_tc_set_kind(TC_CAST(qdisc), "ingress");
    return qdisc;
}

static int add_ingress(struct nl_sock *socket, int index, const char *name, struct error *error)
{
    cleanup_rtnl_qdisc struct rtnl_qdisc *qdisc = ingress_of(index);
    int number = rtnl_qdisc_add(socket, qdisc, NLM_F_CREATE | NLM_F_EXCL);
    if (number == -NLE_EXIST)
        return error_set(
            error, "network: %s has an ingress qdisc already: another guest has taken the interface", name);
    if (number < 0)
        return netlink_error(error, number, "cannot add an ingress qdisc to", name);
    return 0;
}

/* Four bytes that a frame must have, counted from behind its Ethernet header, in network order. */
struct pattern {
    uint32_t value;
    uint32_t mask;
    int offset;
};

static const struct pattern any_frame;
/* The source that runtime/network/sharing/filter.c writes. */
static const struct pattern readdressed_frame = {.value = 0x0200a9fe, .mask = UINT32_MAX, .offset = -8};

static int add_redirect(struct nl_sock *socket, int from, int to, const struct pattern *pattern,
                        const char *name, struct error *error)
{
    cleanup_rtnl_cls struct rtnl_cls *filter = rtnl_cls_alloc();
    rtnl_tc_set_ifindex(TC_CAST(filter), from);
    rtnl_tc_set_parent(TC_CAST(filter), NETLINK_INGRESS);
    rtnl_tc_set_kind(TC_CAST(filter), "u32");
    rtnl_cls_set_prio(filter, NETLINK_REDIRECT);
    rtnl_cls_set_protocol(filter, ETH_P_ALL);
    rtnl_u32_add_key_uint32(filter, pattern->value, pattern->mask, pattern->offset, 0);
    rtnl_u32_set_cls_terminal(filter);

    cleanup_rtnl_act struct rtnl_act *redirect = rtnl_act_alloc();
    rtnl_tc_set_kind(TC_CAST(redirect), "mirred");
    rtnl_mirred_set_action(redirect, TCA_EGRESS_REDIR);
    rtnl_mirred_set_policy(redirect, TC_ACT_STOLEN);
    rtnl_mirred_set_ifindex(redirect, (uint32_t)to);
    rtnl_u32_add_action(filter, redirect);

    int number = rtnl_cls_add(socket, filter, NLM_F_CREATE | NLM_F_EXCL);
    if (number < 0)
        return netlink_error(error, number, "cannot redirect what arrives at", name);
    return 0;
}

static void delete_ingress(struct nl_sock *socket, int index)
{
    cleanup_rtnl_qdisc struct rtnl_qdisc *qdisc = ingress_of(index);
    rtnl_qdisc_delete(socket, qdisc);
}

/* Where somebody else has filters on lo, the other containers reach the guest from outside of the pod alone.
 * The redirect comes first: a filter without it would be nobody's (is_ours). */
static int join_loopback(struct nl_sock *socket, const struct sharing *sharing, struct network *network,
                         int tap, struct error *error)
{
    cleanup_error struct error taken = {0};
    if (add_ingress(socket, SHARING_LOOPBACK, "lo", &taken) < 0)
        return 0;
    if (add_redirect(socket, SHARING_LOOPBACK, tap, &readdressed_frame, "lo", error) == 0 &&
        sharing_attach(socket, sharing, SHARING_LOOPBACK, "lo", error) == 0 &&
        sharing_open_loopback(socket, true, error) == 0) {
        network->has_sidecars = true;
        return 0;
    }
    delete_ingress(socket, SHARING_LOOPBACK);
    return -1;
}

static void leave_loopback(struct nl_sock *socket, struct network *network)
{
    cleanup_error struct error ignored = {0};
    sharing_open_loopback(socket, false, &ignored);
    delete_ingress(socket, SHARING_LOOPBACK);
    network->has_sidecars = false;
}

static int share(struct nl_sock *socket, const struct sharing *sharing, struct network *network,
                 int interface, int tap, struct error *error)
{
    sharing_settle(sharing, network, tap);
    if (sharing_attach(socket, sharing, tap, network->tap, error) < 0 ||
        sharing_attach(socket, sharing, interface, network->interface, error) < 0)
        return -1;
    return join_loopback(socket, sharing, network, tap, error);
}

static int join(struct nl_sock *socket, struct network *network, int interface, int tap,
                const struct sharing *sharing, struct error *error)
{
    /* The tap's qdisc and filter go with the tap. */
    if (add_ingress(socket, tap, network->tap, error) < 0 ||
        add_redirect(socket, tap, interface, &any_frame, network->tap, error) < 0)
        return -1;
    if (add_ingress(socket, interface, network->interface, error) < 0)
        return -1;
    if (add_redirect(socket, interface, tap, &any_frame, network->interface, error) == 0 &&
        (sharing == NULL || share(socket, sharing, network, interface, tap, error) == 0))
        return 0;
    delete_ingress(socket, interface);
    return -1;
}

/* The tap's end is the gateway of the guest's subnet; the rest is the kernel's routing. */
static int join_subnet(struct nl_sock *socket, struct network *network, int interface, int tap,
                       const struct sharing *sharing, struct error *error)
{
    if (sharing != NULL) {
        sharing_settle(sharing, network, tap);
        if (add_ingress(socket, tap, network->tap, error) < 0 ||
            sharing_attach(socket, sharing, tap, network->tap, error) < 0 ||
            join_loopback(socket, sharing, network, tap, error) < 0)
            return -1;
    }
    if (translate_begin(socket, network, interface, tap, error) == 0)
        return 0;
    if (network->has_sidecars)
        leave_loopback(socket, network);
    return -1;
}

int network_join(struct network *network, int tun, const struct tap_options *options, struct error *error)
{
    cleanup_nl_socket struct nl_sock *socket = netlink_open(error);
    if (socket == NULL)
        return -1;
    unsigned interface = if_nametoindex(network->interface);
    if (interface == 0)
        return error_errno(error, errno, "network: %s", network->interface);
    int tap = 0;
    if (make_tap(network, tun, options, error) < 0 ||
        (options->raw && stop_offloads(network->tap, error) < 0) ||
        raise_tap(socket, network, &tap, error) < 0)
        return -1;
    return *network->pod != '\0' ? join_subnet(socket, network, (int)interface, tap, options->sharing, error)
                                 : join(socket, network, (int)interface, tap, options->sharing, error);
}

int network_keep_tap(const struct network *network, int tun, struct error *error)
{
    if (ioctl(tun, TUNSETPERSIST, 1UL) < 0)
        return error_errno(error, errno, "network: %s: cannot keep the tap", network->tap);
    return 0;
}

/* The device that the ingress is redirected to: 0 where that is gone, -1 where there is no redirect. */
static int redirect_target(struct nl_cache *filters)
{
    for (struct nl_object *object = nl_cache_get_first(filters); object != NULL;
         object = nl_cache_get_next(object)) {
        struct rtnl_cls *filter = (struct rtnl_cls *)object;
        const char *kind = rtnl_tc_get_kind(TC_CAST(filter));
        struct rtnl_act *action =
            kind != NULL && strcmp(kind, "u32") == 0 ? rtnl_u32_get_action(filter) : NULL;
        kind = action != NULL ? rtnl_tc_get_kind(TC_CAST(action)) : NULL;
        if (kind != NULL && strcmp(kind, "mirred") == 0)
            return (int)rtnl_mirred_get_ifindex(action);
    }
    return -1;
}

/* A qdisc that leads to a device that stands and is not our tap belongs to another guest on the same
 * interface; one with filters and no redirect to somebody else. */
static bool is_ours(struct nl_sock *socket, int interface, const char *tap)
{
    cleanup_nl_cache struct nl_cache *filters = NULL;
    if (rtnl_cls_alloc_cache(socket, interface, NETLINK_INGRESS, &filters) < 0 || nl_cache_is_empty(filters))
        return true;
    int target = redirect_target(filters);
    char name[IF_NAMESIZE];
    if (target > 0 && if_indextoname((unsigned)target, name) != NULL)
        return strcmp(name, tap) == 0;
    return target >= 0;
}

static int remove_ingress(struct nl_sock *socket, const char *interface, const char *tap, struct error *error)
{
    int index = (int)if_nametoindex(interface);
    if (index == 0 || !is_ours(socket, index, tap))
        return 0;
    if (index == SHARING_LOOPBACK && sharing_open_loopback(socket, false, error) < 0)
        return -1;
    cleanup_rtnl_qdisc struct rtnl_qdisc *qdisc = ingress_of(index);
    int number = rtnl_qdisc_delete(socket, qdisc);
    if (number == 0 || number == -NLE_OBJ_NOTFOUND || number == -NLE_INVAL || number == -NLE_NODEV)
        return 0; /* EINVAL is what the kernel says to a device without one */
    return netlink_error(error, number, "cannot remove the ingress qdisc of", interface);
}

static int remove_tap(struct nl_sock *socket, const char *tap, struct error *error)
{
    if (*tap == '\0' || if_nametoindex(tap) == 0)
        return 0;
    cleanup_rtnl_link struct rtnl_link *link = rtnl_link_alloc();
    rtnl_link_set_name(link, tap);
    int number = rtnl_link_delete(socket, link);
    if (number == 0 || number == -NLE_OBJ_NOTFOUND || number == -NLE_NODEV)
        return 0;
    return netlink_error(error, number, "cannot remove the tap", tap);
}

int network_leave(const char *joined, const char *tap, struct error *error)
{
    static const char subnet[] = NETWORK_OF_SUBNET;
    bool has_subnet = strncmp(joined, subnet, sizeof subnet - 1) == 0;
    cleanup_nl_socket struct nl_sock *socket = netlink_open(error);
    if (socket == NULL)
        return -1;
    int status = has_subnet ? translate_end(socket, joined + sizeof subnet - 1, tap, error)
                            : remove_ingress(socket, joined, tap, error);
    return status < 0 ? -1 : remove_tap(socket, tap, error);
}
