/* The network, in a network namespace of the test's own: a veth pair stands in for the container's interface.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "formats/base/cleanup.h"
#include "runtime/network/netlink.h"
#include "runtime/network/network.h"

enum { VNET_HEADER = 10, FRAME = 60 };

static struct nl_sock *netlink_or_fail(void)
{
    struct error error = {0};
    struct nl_sock *socket = netlink_open(&error);
    assert_non_null(socket);
    return socket;
}

static void set_up(struct nl_sock *socket, const char *name, unsigned mtu)
{
    cleanup_rtnl_link struct rtnl_link *link = NULL;
    assert_int_equal(rtnl_link_get_kernel(socket, 0, name, &link), 0);
    cleanup_rtnl_link struct rtnl_link *change = rtnl_link_alloc();
    rtnl_link_set_flags(change, IFF_UP);
    if (mtu != 0)
        rtnl_link_set_mtu(change, mtu);
    assert_int_equal(rtnl_link_change(socket, link, change, 0), 0);
}

static void add_address(struct nl_sock *socket, const char *name, const char *text)
{
    struct nl_addr *local = NULL;
    assert_int_equal(nl_addr_parse(text, AF_INET, &local), 0);
    struct rtnl_addr *address = rtnl_addr_alloc();
    rtnl_addr_set_ifindex(address, (int)if_nametoindex(name));
    rtnl_addr_set_local(address, local);
    assert_int_equal(rtnl_addr_add(socket, address, 0), 0);
    rtnl_addr_put(address);
    nl_addr_put(local);
}

static void add_default_route(struct nl_sock *socket, const char *name, const char *gateway, uint32_t metric)
{
    struct nl_addr *any = NULL;
    struct nl_addr *via = NULL;
    assert_int_equal(nl_addr_parse("default", AF_INET, &any), 0);
    assert_int_equal(nl_addr_parse(gateway, AF_INET, &via), 0);
    struct rtnl_route *route = rtnl_route_alloc();
    rtnl_route_set_dst(route, any);
    rtnl_route_set_priority(route, metric);
    struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
    rtnl_route_nh_set_ifindex(hop, (int)if_nametoindex(name));
    rtnl_route_nh_set_gateway(hop, via);
    rtnl_route_add_nexthop(route, hop);
    assert_int_equal(rtnl_route_add(socket, route, NLM_F_CREATE), 0);
    rtnl_route_put(route);
    nl_addr_put(any);
    nl_addr_put(via);
}

/* An empty network namespace. Where the test may not make one it is skipped. */
static int new_namespace(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
        return 0;
    print_message("no network namespace to be had: %s\n", strerror(errno));
    return -1;
}

/* A veth pair: "eth0" with an address, "wire" for what the world sees of it. */
static int container_namespace(void **state)
{
    if (new_namespace(state) < 0)
        return -1;
    cleanup_nl_socket struct nl_sock *socket = netlink_or_fail();
    assert_int_equal(rtnl_link_veth_add(socket, "eth0", "wire", getpid()), 0);
    set_up(socket, "eth0", 1400);
    set_up(socket, "wire", 1400);
    add_address(socket, "eth0", "10.77.0.2/22");
    return 0;
}

static void finds_nothing_in_an_empty_namespace(void **state)
{
    (void)state;
    struct network network;
    cleanup_error struct error error = {0};
    assert_int_equal(network_find(&network, 1, &error), 0);
    assert_false(error_is_set(&error));
}

static void finds_the_only_interface_without_a_default_route(void **state)
{
    (void)state;
    struct network network;
    cleanup_error struct error error = {0};
    assert_int_equal(network_find(&network, 1, &error), 1);
    assert_string_equal(network.interface, "eth0");
    assert_string_equal(network.address, "10.77.0.2");
    assert_int_equal(network.prefix, 22);
    assert_string_equal(network.netmask, "255.255.252.0");
    assert_string_equal(network.gateway, "");
    assert_int_equal(network.mtu, 1400);
    assert_int_equal(strlen(network.mac), 17);
}

static void finds_the_default_route_of_the_lowest_metric(void **state)
{
    (void)state;
    cleanup_nl_socket struct nl_sock *socket = netlink_or_fail();
    add_address(socket, "wire", "10.88.0.2/24");
    add_default_route(socket, "eth0", "10.77.0.1", 200);
    add_default_route(socket, "wire", "10.88.0.1", 100);
    struct network network;
    cleanup_error struct error error = {0};
    assert_int_equal(network_find(&network, 1, &error), 1);
    assert_string_equal(network.interface, "wire");
    assert_string_equal(network.address, "10.88.0.2");
    assert_string_equal(network.gateway, "10.88.0.1");
}

static void takes_no_interface_where_several_could_be_meant(void **state)
{
    (void)state;
    cleanup_nl_socket struct nl_sock *socket = netlink_or_fail();
    add_address(socket, "wire", "10.88.0.2/24");
    struct network network;
    cleanup_error struct error error = {0};
    assert_int_equal(network_find(&network, 1, &error), 0);
}

static int packet_socket(const char *interface)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
    assert_true(fd >= 0);
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)if_nametoindex(interface)};
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void make_frame(unsigned char *frame, const char *text)
{
    memset(frame, 0, FRAME);
    memset(frame, 0xff, 6); /* broadcast */
    memcpy(frame + 6, "\x02\x00\x00\x00\x00\x01", 6);
    frame[12] = 0x88; /* ETH_P_802_EX1, for experiments */
    frame[13] = 0xb5;
    strcpy((char *)frame + 14, text);
}

/* Reads until a frame with that text at `offset` + 14 comes; other traffic (IPv6) is not ours. */
static bool receives(int fd, size_t offset, const char *text)
{
    unsigned char bytes[2048];
    for (int i = 0; i < 50; i++) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        if (poll(&poll_fd, 1, 1000) != 1)
            return false;
        ssize_t got = read(fd, bytes, sizeof bytes - 1);
        if (got < (ssize_t)(offset + 15))
            continue;
        bytes[got] = '\0';
        if (strcmp((char *)bytes + offset + 14, text) == 0)
            return true;
    }
    return false;
}

/* The tap's descriptor, or -1. */
static int join(struct network *network, unsigned owner, struct error *error)
{
    const struct tap_options options = {.owner = owner, .group = owner};
    cleanup_close int tun = network_open_tun();
    assert_true(tun >= 0);
    return network_join(network, tun, &options, error) == 0 ? take_fd(tun) : -1;
}

static void passes_frames_both_ways(void **state)
{
    (void)state;
    struct network network;
    cleanup_error struct error error = {0};
    assert_int_equal(network_find(&network, 1, &error), 1);
    cleanup_close int tap = join(&network, 0, &error);
    assert_true(tap >= 0);
    assert_int_not_equal(if_nametoindex(network.tap), 0);
    cleanup_close int wire = packet_socket("wire");

    unsigned char frame[VNET_HEADER + FRAME] = {0};
    make_frame(frame + VNET_HEADER, "to the guest");
    assert_int_equal(write(wire, frame + VNET_HEADER, FRAME), FRAME);
    assert_true(receives(tap, VNET_HEADER, "to the guest"));

    make_frame(frame + VNET_HEADER, "from the guest");
    assert_int_equal(write(tap, frame, sizeof frame), sizeof frame);
    assert_true(receives(wire, 0, "from the guest"));
}

static bool has_ingress(const char *interface)
{
    cleanup_nl_socket struct nl_sock *socket = netlink_or_fail();
    cleanup_nl_cache struct nl_cache *qdiscs = NULL;
    assert_int_equal(rtnl_qdisc_alloc_cache(socket, &qdiscs), 0);
    struct rtnl_qdisc *qdisc = rtnl_qdisc_get_by_parent(qdiscs, (int)if_nametoindex(interface), TC_H_INGRESS);
    if (qdisc == NULL)
        return false;
    rtnl_qdisc_put(qdisc);
    return true;
}

static int join_raw(struct network *network, unsigned owner)
{
    const struct tap_options options = {.owner = owner, .group = owner, .raw = true};
    cleanup_error struct error error = {0};
    cleanup_close int tun = network_open_tun();
    assert_true(tun >= 0);
    assert_int_equal(network_join(network, tun, &options, &error), 0);
    return take_fd(tun);
}

static void a_raw_tap_has_frames_without_a_header(void **state)
{
    (void)state;
    struct network network;
    cleanup_error struct error error = {0};
    assert_int_equal(network_find(&network, 1, &error), 1);
    cleanup_close int tap = join_raw(&network, 0);
    cleanup_close int wire = packet_socket("wire");
    unsigned char frame[FRAME];
    make_frame(frame, "to the guest");
    assert_int_equal(write(wire, frame, FRAME), FRAME);
    assert_true(receives(tap, 0, "to the guest"));
    make_frame(frame, "from the guest");
    assert_int_equal(write(tap, frame, FRAME), FRAME);
    assert_true(receives(wire, 0, "from the guest"));
}

static uint32_t offload(const char *interface, uint32_t command)
{
    cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ethtool_value value = {.cmd = command};
    struct ifreq request = {.ifr_data = (char *)&value};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
    assert_int_equal(ioctl(fd, SIOCETHTOOL, &request), 0);
    return value.data;
}

static void a_raw_tap_offloads_nothing(void **state)
{
    (void)state;
    struct network network;
    cleanup_error struct error error = {0};
    assert_int_equal(network_find(&network, 1, &error), 1);
    cleanup_close int tap = join_raw(&network, 0);
    assert_true(tap >= 0);
    assert_int_equal(offload(network.tap, ETHTOOL_GGRO), 0);
    assert_int_equal(offload(network.tap, ETHTOOL_GGSO), 0);
    assert_int_equal(offload(network.tap, ETHTOOL_GTSO), 0);
}

/* 0, or the errno of a user without capabilities who attaches to the tap. */
static int attach_as(const char *tap, uid_t user)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int tun = network_open_tun(); /* while the node, which may be root's alone, can be opened */
        struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
        snprintf(request.ifr_name, sizeof request.ifr_name, "%s", tap);
        if (setresgid(user, user, user) < 0 || setresuid(user, user, user) < 0)
            _exit(255);
        _exit(ioctl(tun, TUNSETIFF, &request) < 0 ? errno : 0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_kept_tap_waits_for_its_owner_alone(void **state)
{
    (void)state;
    struct network network;
    cleanup_error struct error error = {0};
    if (geteuid() != 0)
        skip();
    assert_int_equal(network_find(&network, 1, &error), 1);
    int tap = join_raw(&network, 1234);
    assert_int_equal(attach_as(network.tap, 1234), EBUSY);
    assert_int_equal(network_keep_tap(&network, tap, &error), 0);
    close(tap);
    assert_int_not_equal(if_nametoindex(network.tap), 0);
    assert_int_equal(attach_as(network.tap, 1234), 0);
    assert_int_equal(attach_as(network.tap, 1235), EPERM);
    assert_int_equal(network_leave("eth0", network.tap, &error), 0);
    assert_int_equal(if_nametoindex(network.tap), 0);
    assert_false(has_ingress("eth0"));
}

static void further_interfaces_follow_in_the_order_of_their_numbers(void **state)
{
    (void)state;
    cleanup_nl_socket struct nl_sock *socket = netlink_or_fail();
    assert_int_equal(rtnl_link_veth_add(socket, "zeta", "alpha", getpid()), 0);
    add_address(socket, "alpha", "10.99.0.2/24");
    add_default_route(socket, "eth0", "10.77.0.1", 0);
    struct network own;
    struct network networks[8];
    cleanup_error struct error error = {0};
    assert_int_equal(network_find(&own, 1, &error), 1);
    cleanup_close int tap = join(&own, 0, &error); /* another container's tap is nobody's interface */
    assert_true(tap >= 0);
    assert_int_equal(network_find(networks, 8, &error), 4);
    assert_string_equal(networks[0].interface, "eth0");
    assert_string_equal(networks[0].gateway, "10.77.0.1");
    unsigned previous = 0;
    for (size_t i = 1; i < 4; i++) {
        unsigned number = if_nametoindex(networks[i].interface);
        assert_true(number > previous);
        previous = number;
        assert_string_equal(networks[i].gateway, "");
        assert_string_equal(networks[i].address,
                            strcmp(networks[i].interface, "alpha") == 0 ? "10.99.0.2" : "");
        assert_string_not_equal(networks[i].tap, networks[i - 1].tap);
        assert_int_equal(strlen(networks[i].mac), 17);
    }
    assert_int_equal(network_find(networks, 2, &error), 2);
    assert_int_equal(network_find(networks, 1, &error), 1);
}

static void the_tap_has_the_interfaces_mtu(void **state)
{
    (void)state;
    struct network network;
    cleanup_error struct error error = {0};
    assert_int_equal(network_find(&network, 1, &error), 1);
    cleanup_close int tap = join(&network, 1000, &error);
    assert_true(tap >= 0);
    cleanup_nl_socket struct nl_sock *socket = netlink_or_fail();
    cleanup_rtnl_link struct rtnl_link *link = NULL;
    assert_int_equal(rtnl_link_get_kernel(socket, 0, network.tap, &link), 0);
    assert_int_equal(rtnl_link_get_mtu(link), 1400);
}

static void a_second_guest_on_the_interface_is_refused_and_leaves_the_first(void **state)
{
    (void)state;
    struct network network;
    cleanup_error struct error error = {0};
    assert_int_equal(network_find(&network, 1, &error), 1);
    cleanup_close int tap = join(&network, 0, &error);
    assert_true(tap >= 0);
    struct network second;
    assert_int_equal(network_find(&second, 1, &error), 1);
    assert_string_not_equal(second.tap, network.tap);
    assert_int_equal(join(&second, 0, &error), -1);
    assert_string_equal(error.message,
                        "network: eth0 has an ingress qdisc already: another guest has taken the interface");
    assert_int_equal(if_nametoindex(second.tap), 0);
    assert_int_equal(network_leave("eth0", second.tap, &error), 0);
    cleanup_close int wire = packet_socket("wire");
    unsigned char frame[FRAME];
    make_frame(frame, "still here");
    assert_int_equal(write(wire, frame, FRAME), FRAME);
    assert_true(receives(tap, VNET_HEADER, "still here"));
}

static void leaving_removes_everything_and_can_be_repeated(void **state)
{
    (void)state;
    struct network network;
    cleanup_error struct error error = {0};
    assert_int_equal(network_find(&network, 1, &error), 1);
    int tap = join(&network, 0, &error);
    assert_true(tap >= 0);
    assert_true(has_ingress("eth0"));
    close(tap);
    assert_int_equal(if_nametoindex(network.tap), 0);
    assert_int_equal(network_leave("eth0", network.tap, &error), 0);
    assert_false(has_ingress("eth0"));
    assert_int_equal(network_leave("eth0", network.tap, &error), 0);
    assert_int_equal(network_leave("gone0", "gone1", &error), 0);
    tap = join(&network, 0, &error);
    assert_true(tap >= 0);
    assert_int_equal(network_leave("eth0", network.tap, &error), 0);
    assert_int_equal(if_nametoindex(network.tap), 0);
    close(tap);
}

static void reads_the_first_nameserver_that_a_guest_can_reach(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *dns;
    } cases[] = {
        {"nameserver 10.0.0.53\nnameserver 10.0.0.54\n", "10.0.0.53"},
        {"# nameserver 1.1.1.1\nsearch x\n\tnameserver\t9.9.9.9 # quad\n", "9.9.9.9"},
        {"nameserver fd00::1\nnameserver 8.8.4.4", "8.8.4.4"},
        {"nameserver 127.0.0.11\nnameserver 10.0.0.1\r\n", "10.0.0.1"},
        {"nameserver 127.0.0.11\n", ""},
        {"nameserver10.0.0.1\nnameservers 10.0.0.1\n", ""},
        {"nameserver fd00::1\nnameserver fd00::2\nnameserver fd00::3\nnameserver 9.9.9.9\n", "9.9.9.9"},
        {"nameserver 10.0.0.1000000000000000000000000000000000000000000000000000000000000\n", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct network network = {.dns = "stale"};
        network_read_dns(cases[i].text, &network);
        assert_string_equal(network.dns, cases[i].dns);
    }
}

static void reads_servers_of_both_families_domains_and_options(void **state)
{
    (void)state;
    struct network network = {.search = "stale", .options = "stale"};
    network_read_dns("search old\nnameserver ::1\nnameserver fd00::53\nnameserver 10.0.0.53\n"
                     "options ndots:5  timeout:2\nsearch a.svc.cluster.local\tb $(x) c\r\n"
                     "nameserver 10.0.0.54\nnameserver 10.0.0.55\n",
                     &network);
    assert_int_equal(network.server_count, 3);
    assert_string_equal(network.servers[0], "fd00::53");
    assert_string_equal(network.servers[1], "10.0.0.53");
    assert_string_equal(network.servers[2], "10.0.0.54");
    assert_string_equal(network.search, "a.svc.cluster.local,b,c");
    assert_string_equal(network.options, "ndots:5,timeout:2");
    network_read_dns("domain only.one\n", &network);
    assert_string_equal(network.search, "only.one");
    assert_string_equal(network.options, "");
    assert_int_equal(network.server_count, 0);
}

static void search_domains_never_outgrow_their_place(void **state)
{
    (void)state;
    char text[4096] = "search";
    for (size_t i = 0; i < 100; i++)
        strcat(text, " abcdefghijklmnopqrst.example");
    struct network network;
    network_read_dns(text, &network);
    assert_in_range(strlen(network.search), NETWORK_WORDS - 32, NETWORK_WORDS - 1);
    assert_string_equal(network.search + strlen(network.search) - 8, ".example");
}

static void run_command(const char *command)
{
    int status = system(command);
    assert_int_equal(status, 0);
}

static void finds_ipv6_and_routes_beside_ipv4(void **state)
{
    (void)state;
    run_command("set -e; ip link set lo up; ip address add fd00:77::2/64 dev eth0;"
                "ip route add default via 10.77.0.1; ip -6 route add default via fe80::1 dev eth0;"
                "ip route add 10.96.0.0/12 via 10.77.0.9; ip -6 route add fd09::/48 dev eth0;"
                "ip route add 10.50.0.0/16 dev wire");
    struct network network;
    cleanup_error struct error error = {0};
    assert_int_equal(network_find(&network, 1, &error), 1);
    assert_string_equal(network.address, "10.77.0.2");
    assert_string_equal(network.gateway, "10.77.0.1");
    assert_string_equal(network.address6, "fd00:77::2");
    assert_int_equal(network.prefix6, 64);
    assert_string_equal(network.gateway6, "fe80::1");
    assert_int_equal(network.route_count, 2);
    bool six_first = strchr(network.routes[0].destination, ':') != NULL;
    const struct network_route *four = &network.routes[six_first], *six = &network.routes[!six_first];
    assert_string_equal(four->destination, "10.96.0.0");
    assert_int_equal(four->prefix, 12);
    assert_string_equal(four->gateway, "10.77.0.9");
    assert_string_equal(six->destination, "fd09::");
    assert_int_equal(six->prefix, 48);
    assert_string_equal(six->gateway, "");
}

static void ipv6_alone_is_a_network(void **state)
{
    (void)state;
    run_command("set -e; ip address flush dev eth0; ip address add fd00:77::2/64 dev eth0;"
                "ip address add fd00:99::2/64 dev wire;"
                "ip -6 route add default via fd00:77::1 dev eth0");
    struct network network;
    cleanup_error struct error error = {0};
    assert_int_equal(network_find(&network, 1, &error), 1);
    assert_string_equal(network.interface, "eth0");
    assert_string_equal(network.address, "");
    assert_string_equal(network.address6, "fd00:77::2");
    assert_string_equal(network.gateway6, "fd00:77::1");
}

static void link_local_addresses_are_no_network(void **state)
{
    (void)state;
    run_command("set -e; ip address flush dev eth0; ip address add fe80::5/64 dev eth0");
    struct network network;
    cleanup_error struct error error = {0};
    assert_int_equal(network_find(&network, 1, &error), 0);
}

int main(void)
{
    const struct CMUnitTest pure[] = {
        cmocka_unit_test(reads_servers_of_both_families_domains_and_options),
        cmocka_unit_test(search_domains_never_outgrow_their_place),
        cmocka_unit_test(reads_the_first_nameserver_that_a_guest_can_reach),
    };
    const struct CMUnitTest with_namespace[] = {
        cmocka_unit_test_setup(finds_nothing_in_an_empty_namespace, new_namespace),
        cmocka_unit_test_setup(finds_the_only_interface_without_a_default_route, container_namespace),
        cmocka_unit_test_setup(finds_the_default_route_of_the_lowest_metric, container_namespace),
        cmocka_unit_test_setup(takes_no_interface_where_several_could_be_meant, container_namespace),
        cmocka_unit_test_setup(finds_ipv6_and_routes_beside_ipv4, container_namespace),
        cmocka_unit_test_setup(ipv6_alone_is_a_network, container_namespace),
        cmocka_unit_test_setup(link_local_addresses_are_no_network, container_namespace),
        cmocka_unit_test_setup(passes_frames_both_ways, container_namespace),
        cmocka_unit_test_setup(the_tap_has_the_interfaces_mtu, container_namespace),
        cmocka_unit_test_setup(a_raw_tap_has_frames_without_a_header, container_namespace),
        cmocka_unit_test_setup(a_raw_tap_offloads_nothing, container_namespace),
        cmocka_unit_test_setup(a_kept_tap_waits_for_its_owner_alone, container_namespace),
        cmocka_unit_test_setup(further_interfaces_follow_in_the_order_of_their_numbers, container_namespace),
        cmocka_unit_test_setup(a_second_guest_on_the_interface_is_refused_and_leaves_the_first,
                               container_namespace),
        cmocka_unit_test_setup(leaving_removes_everything_and_can_be_repeated, container_namespace),
    };
    int failed = cmocka_run_group_tests(pure, NULL, NULL);
    if (geteuid() != 0) {
        print_message("the rest needs root: skipped\n");
        return failed;
    }
    return failed + cmocka_run_group_tests(with_namespace, NULL, NULL);
}
