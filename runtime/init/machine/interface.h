/* One network interface of the guest, by ioctls (netdevice(7), ipv6(7)). */
#ifndef RUNTIME_INIT_INTERFACE_H
#define RUNTIME_INIT_INTERFACE_H

#include <stdbool.h>

/* Addresses are IPv4 or IPv6 as text, prefixes in bits. All complain about what fails and then return false.
 */

/* Waits for a driver to make it. */
bool interface_wait(const char *device);
bool interface_raise(const char *device);
bool interface_set_mtu(const char *device, int mtu);
/* IPv6 without duplicate address detection: the pod's own interface has the address too. */
bool interface_add_address(const char *device, const char *address, unsigned prefix);
/* `gateway` may be NULL: on the link. One outside of the subnet (pod networks with /32 addresses) gets a
 * route of its own first. */
bool interface_add_route(const char *device, const char *destination, unsigned prefix, const char *gateway);

#endif
