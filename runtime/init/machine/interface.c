#include "runtime/init/machine/interface.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/init/console.h"
#include "runtime/init/files.h"

/* <linux/ipv6.h> has it, and cannot be included beside every C library's headers. */
struct ipv6_address_request {
    struct in6_addr address;
    uint32_t prefix;
    int index;
};

static bool is_ipv6(const char *address)
{
    return strchr(address, ':') != NULL;
}

/* ioctl on a socket of that family. */
static int control(int family, int request, void *argument)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int status = ioctl(fd, request, argument);
    int number = errno;
    close(fd);
    errno = number;
    return status;
}

bool interface_wait(const char *device)
{
    enum { PAUSE = 10 * 1000, ATTEMPTS = 300 };
    for (int i = 0; i < ATTEMPTS; i++) {
        if (if_nametoindex(device) != 0)
            return true;
        usleep(PAUSE);
    }
    complain(
        "%s: the network interface did not come up within three seconds: is its driver among the modules?",
        device);
    return false;
}

static struct ifreq request_for(const char *device)
{
    struct ifreq request = {0};
    strncpy(request.ifr_name, device, IFNAMSIZ - 1);
    return request;
}

bool interface_raise(const char *device)
{
    struct ifreq request = request_for(device);
    if (control(AF_INET, SIOCGIFFLAGS, &request) == 0) {
        request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
        if (control(AF_INET, SIOCSIFFLAGS, &request) == 0)
            return true;
    }
    complain("%s: cannot bring it up:", device);
    return false;
}

bool interface_set_mtu(const char *device, int mtu)
{
    struct ifreq request = request_for(device);
    request.ifr_mtu = mtu;
    if (control(AF_INET, SIOCSIFMTU, &request) == 0)
        return true;
    complain("%s: cannot set the MTU %d:", device, mtu);
    return false;
}

static bool put_address(struct sockaddr *to, const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (text != NULL && inet_pton(AF_INET, text, &address.sin_addr) != 1) {
        errno = EINVAL;
        return false;
    }
    memcpy(to, &address, sizeof address);
    return true;
}

static void put_netmask(struct sockaddr *to, unsigned prefix)
{
    struct sockaddr_in mask = {.sin_family = AF_INET};
    if (prefix > 0)
        mask.sin_addr.s_addr = htonl(UINT32_MAX << (32 - (prefix < 32 ? prefix : 32)));
    memcpy(to, &mask, sizeof mask);
}

static bool add_address4(const char *device, const char *address, unsigned prefix)
{
    struct ifreq request = request_for(device);
    if (!put_address(&request.ifr_addr, address) || control(AF_INET, SIOCSIFADDR, &request) < 0)
        return false;
    put_netmask(&request.ifr_netmask, prefix);
    return control(AF_INET, SIOCSIFNETMASK, &request) == 0;
}

static bool add_address6(const char *device, const char *address, unsigned prefix)
{
    char path[64];
    struct ipv6_address_request request = {.prefix = prefix, .index = (int)if_nametoindex(device)};
    snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/accept_dad", device);
    write_text(path, "0");
    if (inet_pton(AF_INET6, address, &request.address) != 1) {
        errno = EINVAL;
        return false;
    }
    return control(AF_INET6, SIOCSIFADDR, &request) == 0 || errno == EEXIST;
}

bool interface_add_address(const char *device, const char *address, unsigned prefix)
{
    if (is_ipv6(address) ? add_address6(device, address, prefix) : add_address4(device, address, prefix))
        return true;
    complain("%s: cannot set the address %s:", device, address);
    return false;
}

static int add_route4(const char *device, const char *destination, unsigned prefix, const char *gateway)
{
    char name[IFNAMSIZ];
    snprintf(name, sizeof name, "%s", device);
    struct rtentry route = {.rt_flags = RTF_UP, .rt_dev = name};
    route.rt_flags = (unsigned short)(route.rt_flags | (gateway != NULL ? RTF_GATEWAY : 0) |
                                      (prefix == 32 ? RTF_HOST : 0));
    if (!put_address(&route.rt_dst, destination) || !put_address(&route.rt_gateway, gateway))
        return -1;
    put_netmask(&route.rt_genmask, prefix);
    return control(AF_INET, SIOCADDRT, &route) == 0 || errno == EEXIST ? 0 : -1;
}

static int add_route6(const char *device, const char *destination, unsigned prefix, const char *gateway)
{
    struct in6_rtmsg route = {
        .rtmsg_dst_len = (uint16_t)prefix,
        .rtmsg_metric = 1,
        .rtmsg_flags = gateway != NULL ? RTF_UP | RTF_GATEWAY : RTF_UP,
        .rtmsg_ifindex = (int)if_nametoindex(device),
    };
    if (inet_pton(AF_INET6, destination, &route.rtmsg_dst) != 1 ||
        (gateway != NULL && inet_pton(AF_INET6, gateway, &route.rtmsg_gateway) != 1)) {
        errno = EINVAL;
        return -1;
    }
    return control(AF_INET6, SIOCADDRT, &route) == 0 || errno == EEXIST ? 0 : -1;
}

static int add_route(const char *device, const char *destination, unsigned prefix, const char *gateway)
{
    return is_ipv6(destination) ? add_route6(device, destination, prefix, gateway)
                                : add_route4(device, destination, prefix, gateway);
}

bool interface_add_route(const char *device, const char *destination, unsigned prefix, const char *gateway)
{
    if (add_route(device, destination, prefix, gateway) == 0)
        return true;
    bool is_unreachable = gateway != NULL && (errno == ENETUNREACH || errno == EHOSTUNREACH);
    if (is_unreachable && add_route(device, gateway, is_ipv6(gateway) ? 128 : 32, NULL) == 0 &&
        add_route(device, destination, prefix, gateway) == 0)
        return true;
    complain("%s: cannot set the route to %s/%u by %s:", device, destination, prefix,
             gateway != NULL ? gateway : "the link");
    return false;
}
