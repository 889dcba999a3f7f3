#include "runtime/guests/linux_network.h"

#include <string.h>

enum { USUAL_MTU = 1500 };

/* ip=<client>:<server>:<gateway>:<netmask>:<host name>:<device>:<autoconf> (Linux,
 * admin-guide/nfs/nfsroot.rst) */
void linux_add_ip(struct buffer *line, const struct guest_input *input)
{
    const struct network *network = input->network;
    if (network == NULL || *network->address == '\0')
        return;
    const char *name = input->hostname;
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    if (name == NULL || *name == '\0' || name[strspn(name, safe)] != '\0')
        name = "urunc";
    buffer_format(line, " ip=%s::%s:%s:%s:eth0:off", network->address, network->gateway, network->netmask,
                  name);
}

static void add_address(struct buffer *line, size_t number, const char *address, unsigned prefix)
{
    if (*address != '\0')
        buffer_format(line, " urunc.address=eth%zu/%s/%u", number, address, prefix);
}

/* The guest's kernel numbers its cards in the order in which the monitor has them. */
static void add_interface(struct buffer *line, size_t number, const struct network *network)
{
    /* Some monitors tell the guest's driver, some cannot. */
    if (network->mtu != 0 && network->mtu != USUAL_MTU)
        buffer_format(line, " urunc.mtu=eth%zu/%u", number, network->mtu);
    if (number > 0)
        add_address(line, number, network->address, network->prefix);
    add_address(line, number, network->address6, network->prefix6);
    if (*network->gateway6 != '\0')
        buffer_format(line, " urunc.route=eth%zu/::/0/%s", number, network->gateway6);
    for (size_t i = 0; i < network->route_count; i++) {
        const struct network_route *route = &network->routes[i];
        buffer_format(line, " urunc.route=eth%zu/%s/%u%s%s", number, route->destination, route->prefix,
                      *route->gateway != '\0' ? "/" : "", route->gateway);
    }
}

static void add_resolver(struct buffer *line, const struct network *network)
{
    for (size_t i = 0; i < network->server_count; i++)
        buffer_format(line, "%s%s", i > 0 ? "," : " urunc.dns=", network->servers[i]);
    if (*network->search != '\0')
        buffer_format(line, " urunc.search=%s", network->search);
    if (*network->options != '\0')
        buffer_format(line, " urunc.resolver=%s", network->options);
}

/* What is forwarded into a subnet has met no filter: its source could be forged, so the guest is not told to
 * take it for the pod's. */
static void add_pod(struct buffer *line, const struct network *network)
{
    if (network->has_sidecars && *network->pod == '\0')
        buffer_format(line, " urunc.pod=%s/%s", network->address, network->address6);
}

void linux_add_network_words(struct buffer *line, const struct guest_input *input)
{
    if (input->network == NULL)
        return;
    for (size_t i = 0; i < input->network_count; i++)
        add_interface(line, i, &input->network[i]);
    add_pod(line, input->network);
    add_resolver(line, input->network);
}
