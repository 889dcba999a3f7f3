/*
 * linux.netDevices (runtime-spec, config-linux.md, "Network Devices"): interfaces of the runtime's network
 * namespace that are moved into the container's, with their addresses. There they are found as any interface
 * is (network_find). Nothing moves them back: when the namespace goes, the kernel gives physical ones back to
 * the host's and removes the others.
 */
#ifndef RUNTIME_NETWORK_DEVICES_H
#define RUNTIME_NETWORK_DEVICES_H

#include <jansson.h>
#include <stddef.h>
#include <sys/types.h>

#include "formats/base/error.h"

enum { NET_DEVICE_NAME = 16 }; /* bytes of an interface's name with its NUL */

struct net_device {
    char name[NET_DEVICE_NAME];   /* in the runtime's namespace */
    char inside[NET_DEVICE_NAME]; /* in the container's; with one "%d" the kernel finds a number */
};

/* All memory is owned. */
struct net_devices {
    struct net_device *items;
    size_t count;
};

/* Reads linux.netDevices. Names that no interface can have are errors. */
int net_devices_read(const json_t *linux_object, const char *file, struct net_devices *devices,
                     struct error *error);
void net_devices_free(struct net_devices *devices);

/* Moves them from the calling process's network namespace to that of the process `pid`, where each gets its
 * lasting addresses again and is brought up. Nothing is moved unless all of them are there. */
int net_devices_move(const struct net_devices *devices, pid_t pid, struct error *error);

#endif
