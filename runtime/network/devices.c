#include "runtime/network/devices.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "runtime/network/netlink.h"
#include "runtime/sandbox/namespaces/namespaces.h"

#define FIELD "linux.netDevices"

NETLINK_CLEANUP(struct rtnl_addr, rtnl_addr, rtnl_addr_put)
#define cleanup_rtnl_addr __attribute__((cleanup(cleanup_rtnl_addr_)))

enum { MOVE_MESSAGE_MAX = 1024 };

/* ---- reading ---- */

/* Linux, net/core/dev.c, dev_valid_name; a "%" is a template's alone. */
static bool is_interface_name(const char *name, bool template)
{
    size_t length = strlen(name);
    if (length == 0 || length >= NET_DEVICE_NAME || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (const char *c = name; *c != '\0'; c++)
        if (*c == '/' || *c == ':' || isspace((unsigned char)*c))
            return false;
    const char *percent = strchr(name, '%');
    return percent == NULL || (template && percent[1] == 'd' && strchr(percent + 1, '%') == NULL);
}

static int read_device(const char *name, const json_t *item, const char *where, struct net_device *device,
                       struct error *error)
{
    const char *inside = NULL;
    cleanup_free char *place = xasprintf("%s%.64s.", where, name);
    if (!json_is_object(item))
        return error_set(error, "%s%.64s: not an object", where, name);
    if (!is_interface_name(name, false))
        return error_set(error, "%s%.64s: not the name of an interface", where, name);
    if (read_string(item, place, "name", &inside, error) < 0)
        return -1;
    if (inside == NULL || *inside == '\0')
        inside = name;
    if (!is_interface_name(inside, true))
        return error_set(error, "%sname: \"%.64s\" is not the name of an interface", place, inside);
    snprintf(device->name, sizeof device->name, "%s", name);
    snprintf(device->inside, sizeof device->inside, "%s", inside);
    return 0;
}

/* Of the last one. Two may have the same template. */
static int check_unique(const struct net_devices *devices, const char *where, struct error *error)
{
    const struct net_device *last = &devices->items[devices->count - 1];
    for (const struct net_device *device = devices->items; device < last; device++)
        if (strcmp(device->inside, last->inside) == 0 && strchr(last->inside, '%') == NULL)
            return error_set(error, "%s%s.name: %s already has the name %s", where, last->name, device->name,
                             last->inside);
    return 0;
}

int net_devices_read(const json_t *linux_object, const char *file, struct net_devices *devices,
                     struct error *error)
{
    cleanup_free char *outer = xasprintf("%s: linux.", file);
    cleanup_free char *where = xasprintf("%s: " FIELD ".", file);
    const json_t *object = NULL;
    if (read_object(linux_object, outer, "netDevices", &object, error) < 0)
        return -1;
    devices->items = xcalloc(json_object_size(object) + 1, sizeof *devices->items);
    const char *name;
    json_t *item;
    json_object_foreach ((json_t *)object, name, item) {
        struct net_device *device = &devices->items[devices->count++];
        if (read_device(name, item, where, device, error) < 0 || check_unique(devices, where, error) < 0)
            return -1;
    }
    return 0;
}

void net_devices_free(struct net_devices *devices)
{
    free(devices->items);
    *devices = (struct net_devices){0};
}

/* ---- moving ---- */

/* The two namespaces, and what there was before. */
struct move {
    struct nl_sock *outside;
    struct nl_sock *inside;
    struct nl_cache *addresses; /* of all interfaces outside */
    int namespace_fd;
};

static int find_outside(struct nl_sock *socket, const struct net_device *device, struct rtnl_link **link,
                        struct error *error)
{
    if (rtnl_link_get_kernel(socket, 0, device->name, link) == 0)
        return 0;
    return error_set(error, "there is no interface %s to move", device->name);
}

static int push(const struct move *move, struct rtnl_link *link, const struct net_device *device,
                struct error *error)
{
    cleanup_rtnl_link struct rtnl_link *change = rtnl_link_alloc();
    rtnl_link_set_name(change, device->inside);
    rtnl_link_set_ns_fd(change, move->namespace_fd);
    int number = rtnl_link_change(move->outside, link, change, 0);
    return number < 0 ? netlink_error(error, number, "cannot move", device->name) : 0;
}

static bool same_mac(struct rtnl_link *a, struct rtnl_link *b)
{
    struct nl_addr *first = rtnl_link_get_addr(a), *second = rtnl_link_get_addr(b);
    return first == second || (first != NULL && second != NULL && nl_addr_cmp(first, second) == 0);
}

/* A template's name is known to the kernel alone: the interface is the one that was not there `before`. */
static int find_new(const struct move *move, struct nl_cache *before, struct rtnl_link *moved)
{
    cleanup_nl_cache struct nl_cache *links = NULL;
    if (rtnl_link_alloc_cache(move->inside, AF_UNSPEC, &links) < 0)
        return 0;
    for (struct nl_object *object = nl_cache_get_first(links); object != NULL;
         object = nl_cache_get_next(object)) {
        struct rtnl_link *link = (struct rtnl_link *)object;
        cleanup_rtnl_link struct rtnl_link *known = rtnl_link_get(before, rtnl_link_get_ifindex(link));
        if (known == NULL && same_mac(link, moved))
            return rtnl_link_get_ifindex(link);
    }
    return 0;
}

/* The specification: those that stay (IFA_F_PERMANENT) of every family, with global scope. */
static bool is_taken_along(struct rtnl_addr *address, int index)
{
    return rtnl_addr_get_ifindex(address) == index && rtnl_addr_get_scope(address) == RT_SCOPE_UNIVERSE &&
           (rtnl_addr_get_flags(address) & IFA_F_PERMANENT);
}

static int add_address(const struct move *move, struct rtnl_addr *old, int index, const char *name,
                       struct error *error)
{
    cleanup_rtnl_addr struct rtnl_addr *address = rtnl_addr_alloc();
    rtnl_addr_set_local(address, rtnl_addr_get_local(old));
    rtnl_addr_set_prefixlen(address, rtnl_addr_get_prefixlen(old));
    if (rtnl_addr_get_peer(old) != NULL)
        rtnl_addr_set_peer(address, rtnl_addr_get_peer(old));
    if (rtnl_addr_get_broadcast(old) != NULL)
        rtnl_addr_set_broadcast(address, rtnl_addr_get_broadcast(old));
    rtnl_addr_set_ifindex(address, index);
    int number = rtnl_addr_add(move->inside, address, 0);
    return number < 0 ? netlink_error(error, number, "cannot keep an address of", name) : 0;
}

static int bring_up(const struct move *move, int index, const char *name, struct error *error)
{
    cleanup_rtnl_link struct rtnl_link *link = rtnl_link_alloc(), *change = rtnl_link_alloc();
    rtnl_link_set_ifindex(link, index);
    rtnl_link_set_flags(change, IFF_UP);
    int number = rtnl_link_change(move->inside, link, change, 0);
    return number < 0 ? netlink_error(error, number, "cannot bring up", name) : 0;
}

static int move_one(const struct move *move, const struct net_device *device, struct error *error)
{
    cleanup_rtnl_link struct rtnl_link *link = NULL;
    cleanup_nl_cache struct nl_cache *before = NULL;
    int number = rtnl_link_alloc_cache(move->inside, AF_UNSPEC, &before);
    if (number < 0)
        return netlink_error(error, number, "cannot list", "the container's interfaces");
    if (find_outside(move->outside, device, &link, error) < 0 || push(move, link, device, error) < 0)
        return -1;
    int index = find_new(move, before, link);
    if (index == 0)
        return error_set(error, "%s is not in the container's network namespace", device->name);
    for (struct nl_object *object = nl_cache_get_first(move->addresses); object != NULL;
         object = nl_cache_get_next(object))
        if (is_taken_along((struct rtnl_addr *)object, rtnl_link_get_ifindex(link)) &&
            add_address(move, (struct rtnl_addr *)object, index, device->name, error) < 0)
            return -1;
    return bring_up(move, index, device->name, error);
}

/* Linux moves an interface first and renames it then: where the name is taken it has left the host all the
 * same. */
static int check_names(struct nl_sock *inside, const struct net_devices *devices, struct error *error)
{
    for (size_t i = 0; i < devices->count; i++) {
        cleanup_rtnl_link struct rtnl_link *link = NULL;
        if (rtnl_link_get_kernel(inside, 0, devices->items[i].inside, &link) == 0)
            return error_set(error, "the container's network namespace has an interface %s already",
                             devices->items[i].inside);
    }
    return 0;
}

static int move_all(const struct net_devices *devices, int namespace_fd, struct error *error)
{
    cleanup_nl_socket struct nl_sock *outside = netlink_open(error);
    if (outside == NULL)
        return -1;
    for (size_t i = 0; i < devices->count; i++) {
        cleanup_rtnl_link struct rtnl_link *link = NULL;
        if (find_outside(outside, &devices->items[i], &link, error) < 0)
            return -1;
    }
    cleanup_nl_cache struct nl_cache *addresses = NULL;
    int number = rtnl_addr_alloc_cache(outside, &addresses);
    if (number < 0)
        return netlink_error(error, number, "cannot list", "addresses");
    if (namespace_enter_network(namespace_fd) < 0)
        return error_errno(error, errno, "cannot enter the container's network namespace");
    cleanup_nl_socket struct nl_sock *inside = netlink_open(error);
    if (inside == NULL || check_names(inside, devices, error) < 0)
        return -1;
    const struct move move = {
        .outside = outside, .inside = inside, .addresses = addresses, .namespace_fd = namespace_fd};
    for (size_t i = 0; i < devices->count; i++)
        if (move_one(&move, &devices->items[i], error) < 0)
            return -1;
    return 0;
}

/* In a process of its own, which alone enters the network namespace; what failed comes by `report`. */
static _Noreturn void move_and_report(const struct net_devices *devices, int namespace_fd, int report)
{
    cleanup_error struct error error = {0}, ignored = {0};
    if (move_all(devices, namespace_fd, &error) == 0)
        _exit(0);
    size_t length = strlen(error.message);
    write_all(report, error.message, length < MOVE_MESSAGE_MAX ? length : MOVE_MESSAGE_MAX, "report",
              &ignored);
    _exit(1);
}

int net_devices_move(const struct net_devices *devices, pid_t pid, struct error *error)
{
    int ends[2], status = 0;
    cleanup_buffer struct buffer report = {0};
    if (devices->count == 0)
        return 0;
    cleanup_free char *path = xasprintf("/proc/%d/ns/net", (int)pid);
    cleanup_close int namespace_fd = namespace_open(path, error);
    if (namespace_fd < 0)
        return -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(error, errno, "pipe");
    pid_t mover = fork();
    if (mover == 0)
        move_and_report(devices, namespace_fd, ends[1]);
    close(ends[1]);
    cleanup_close int reader = ends[0];
    if (mover < 0)
        return error_errno(error, errno, "fork");
    read_all(reader, MOVE_MESSAGE_MAX, &report, "report", error);
    error_clear(error);
    while (waitpid(mover, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return error_set(error, "config.json: " FIELD ": %s", report.length > 0 ? report.data : "not moved");
}
