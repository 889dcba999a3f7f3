/*
 * tap attach INTERFACE FD COMMAND...: runs the command with the tap opened at that descriptor, as urunc hands
 * it over. tap echo INTERFACE COUNT: sends frames into the interface, one at a time, and waits for each to
 * come back; prints the microseconds of one round trip. The first may take seconds, while the guest starts.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME = 1514, EXPERIMENTAL = 0x88b5 /* IEEE 802's type for local experiments */, PATIENCE = 100 };

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static int attach(const char *interface, const char *number, char **command)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    int fd = open("/dev/net/tun", O_RDWR);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0 || dup2(fd, atoi(number)) < 0)
        return fail(interface);
    execvp(*command, command);
    return fail(*command);
}

static int open_packets(const char *interface)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(EXPERIMENTAL)};
    address.sll_ifindex = (int)if_nametoindex(interface);
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(EXPERIMENTAL));
    return fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ? -1 : fd;
}

/* One frame there and back; sent again where nothing comes for a while. */
static int round_trip(int fd)
{
    static unsigned char frame[FRAME] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
    static unsigned char answer[FRAME];
    for (int try = 0; try < PATIENCE; try++) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (send(fd, frame, sizeof frame, 0) < 0)
            usleep(1000); /* nobody is attached yet */
        if (poll(&ready, 1, PATIENCE) > 0 && recv(fd, answer, sizeof answer, 0) == FRAME)
            return 0;
    }
    return -1;
}

static int echo(const char *interface, long count)
{
    int fd = open_packets(interface);
    struct timespec start, end;
    if (fd < 0 || round_trip(fd) < 0)
        return fail(interface);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long i = 0; i < count; i++)
        if (round_trip(fd) < 0)
            return fail(interface);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double elapsed = (double)(end.tv_sec - start.tv_sec) * 1e6 + (double)(end.tv_nsec - start.tv_nsec) / 1e3;
    printf("%.2f\n", elapsed / (double)count);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 5 && strcmp(argv[1], "attach") == 0)
        return attach(argv[2], argv[3], argv + 4);
    if (argc == 4 && strcmp(argv[1], "echo") == 0)
        return echo(argv[2], atol(argv[3]));
    fputs("usage: tap attach INTERFACE FD COMMAND... | tap echo INTERFACE COUNT\n", stderr);
    return 2;
}
