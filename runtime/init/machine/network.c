/* The guest's network: lo, one interface, one route. ioctls (netdevice(7)) are enough for that. */
#include "runtime/init/machine/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/init/console.h"
#include "runtime/init/files.h"

static bool put_address(struct sockaddr *to, const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (text != NULL && inet_pton(AF_INET, text, &address.sin_addr) != 1)
        return false;
    memcpy(to, &address, sizeof address);
    return true;
}

static bool raise_interface(int fd, const char *name)
{
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        return false;
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

static bool wait_for_interface(const char *name)
{
    enum { PAUSE = 10 * 1000, ATTEMPTS = 300 };
    for (int i = 0; i < ATTEMPTS; i++) {
        if (if_nametoindex(name) != 0)
            return true;
        usleep(PAUSE);
    }
    complain(
        "%s: the network interface did not come up within three seconds: is its driver among the modules?",
        name);
    return false;
}

static bool set_address(int fd, const struct cmdline *cmdline)
{
    struct ifreq request = {0};
    strncpy(request.ifr_name, cmdline->device, IFNAMSIZ - 1);
    if (!put_address(&request.ifr_addr, cmdline->address) || ioctl(fd, SIOCSIFADDR, &request) < 0) {
        complain("%s: cannot set the address %s:", cmdline->device, cmdline->address);
        return false;
    }
    if (cmdline->netmask == NULL)
        return true;
    if (!put_address(&request.ifr_netmask, cmdline->netmask) || ioctl(fd, SIOCSIFNETMASK, &request) < 0) {
        complain("%s: cannot set the netmask %s:", cmdline->device, cmdline->netmask);
        return false;
    }
    return true;
}

static int add_route(int fd, const struct cmdline *cmdline, const char *to, const char *via,
                     unsigned short flags)
{
    struct rtentry route = {.rt_flags = (unsigned short)(RTF_UP | flags), .rt_dev = cmdline->device};
    if (!put_address(&route.rt_dst, to) || !put_address(&route.rt_gateway, via) ||
        !put_address(&route.rt_genmask, NULL)) {
        errno = EINVAL;
        return -1;
    }
    return ioctl(fd, SIOCADDRT, &route) == 0 || errno == EEXIST ? 0 : -1;
}

/* The gateway may lie outside of the subnet (pod networks with /32 addresses): then a route to it comes
 * first. */
static void set_default_route(int fd, const struct cmdline *cmdline)
{
    if (add_route(fd, cmdline, NULL, cmdline->gateway, RTF_GATEWAY) == 0)
        return;
    if (errno == ENETUNREACH && add_route(fd, cmdline, cmdline->gateway, NULL, RTF_HOST) == 0 &&
        add_route(fd, cmdline, NULL, cmdline->gateway, RTF_GATEWAY) == 0)
        return;
    complain("%s: cannot set the gateway %s:", cmdline->device, cmdline->gateway);
}

static void write_resolv_conf(const char *dns)
{
    static const char path[] = "/etc/resolv.conf";
    struct stat status;
    if (stat(path, &status) == 0 && status.st_size > 0)
        return;
    char text[128];
    snprintf(text, sizeof text, "nameserver %s\n", dns);
    mkdir("/etc", 0755);
    if (write_text(path, text) < 0)
        complain("%s:", path);
}

void network_configure(const struct cmdline *cmdline)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        if (cmdline->address != NULL)
            complain("the kernel has no IPv4:");
        return;
    }
    raise_interface(fd, "lo");
    if (cmdline->address != NULL && wait_for_interface(cmdline->device) && set_address(fd, cmdline)) {
        if (!raise_interface(fd, cmdline->device))
            complain("%s: cannot bring it up:", cmdline->device);
        else if (cmdline->gateway != NULL)
            set_default_route(fd, cmdline);
    }
    close(fd);
    if (cmdline->dns != NULL)
        write_resolv_conf(cmdline->dns);
}
