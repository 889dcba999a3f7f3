/*
 * wire GUEST [alone|subnet]: joins a guest to the container's interface of the calling process's network
 * namespace, as `start` does, with a kernel in the place of the guest: the network namespace GUEST (a path)
 * gets an interface eth0 of the same MAC, and frames are carried between it and the tap. With "alone" the
 * guest does not share the address; with "subnet" it has a subnet of its own behind it.
 *
 * Prints "joined", "joined alone" where the filter cannot be loaded, or one line of error; carries until its
 * standard input ends; then leaves the network as `delete` does.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/ether.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "runtime/network/network.h"
#include "runtime/network/share.h"

static _Noreturn void die(const char *what)
{
    printf("%s: %s\n", what, strerror(errno));
    exit(1);
}

static _Noreturn void die_of(const struct error *error)
{
    printf("%s\n", error->message);
    exit(1);
}

/* The guest's card: a tap in its namespace, whose descriptor is the wire's other end. */
static int make_card(const char *namespace, const struct network *network)
{
    struct ether_addr mac;
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    cleanup_close int path = open(namespace, O_RDONLY | O_CLOEXEC);
    if (path < 0 || setns(path, CLONE_NEWNET) < 0)
        die(namespace);
    int fd = network_open_tun();
    strcpy(request.ifr_name, "eth0");
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
        die("the guest's card");
    cleanup_close int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ether_aton_r(network->mac, &mac);
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(request.ifr_hwaddr.sa_data, &mac, sizeof mac);
    if (ioctl(control, SIOCSIFHWADDR, &request) < 0)
        die("the guest's MAC");
    request.ifr_mtu = (int)network->mtu;
    if (ioctl(control, SIOCSIFMTU, &request) < 0)
        die("the guest's MTU");
    return fd;
}

static void carry(int from, int to)
{
    static unsigned char frame[1 << 17];
    ssize_t length = read(from, frame, sizeof frame);
    /* Until both sides are up, a write fails and the frame is lost, as on any wire. */
    if (length > 0 && write(to, frame, (size_t)length) != length && errno != EIO)
        die("carrying a frame");
}

static void carry_until_end(int tap, int card)
{
    struct pollfd fds[] = {{.fd = tap, .events = POLLIN},
                           {.fd = card, .events = POLLIN},
                           {.fd = STDIN_FILENO, .events = POLLIN}};
    while (poll(fds, 3, -1) >= 0 && fds[2].revents == 0) {
        if (fds[0].revents & POLLIN)
            carry(tap, card);
        if (fds[1].revents & POLLIN)
            carry(card, tap);
    }
}

int main(int argc, char **argv)
{
    struct network network;
    struct sharing sharing = SHARING_NONE;
    cleanup_error struct error error = {0};
    bool alone = argc > 2 && strcmp(argv[2], "alone") == 0;
    bool subnet = argc > 2 && strcmp(argv[2], "subnet") == 0;
    cleanup_close int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (argc < 2 || network_find(&network, 1, &error) != 1)
        die_of(&error);
    if (subnet)
        network_take_subnet(&network);
    if (!alone && sharing_load(&sharing, &error) < 0) {
        fprintf(stderr, "%s\n", error.message);
        error_clear(&error);
    }
    struct tap_options options = {.sharing = sharing.program >= 0 ? &sharing : NULL};
    int tap = network_open_tun();
    if (tap < 0 || network_join(&network, tap, &options, &error) < 0)
        die_of(&error);
    int card = make_card(argv[1], &network);
    printf(options.sharing != NULL ? "joined\n" : "joined alone\n");
    fflush(stdout);
    carry_until_end(tap, card);
    close(tap);
    char joined[32];
    snprintf(joined, sizeof joined, "%s%s", subnet ? NETWORK_OF_SUBNET : "", network.interface);
    if (setns(own, CLONE_NEWNET) < 0 || network_leave("lo", network.tap, &error) < 0 ||
        network_leave(joined, network.tap, &error) < 0)
        die_of(&error);
    sharing_close(&sharing);
    return 0;
}
