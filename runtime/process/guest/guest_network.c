#include "runtime/process/guest/guest_network.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/process/message.h"

size_t guest_network_limit(const struct container *container)
{
    const struct guest_setup *setup = &container->guest;
    if (!framework_has_network(setup->unikernel.framework) || !container_has_network(container))
        return 0;
    return guest_nic_limit(setup->guest, &setup->probe);
}

static size_t open_all(int (*open_one)(void), size_t wanted, int *fds)
{
    size_t count = 0;
    while (count < wanted && (fds[count] = open_one()) >= 0)
        count++;
    return count;
}

static int open_vhost(void)
{
    return open(NETWORK_VHOST_DEVICE, O_RDWR | O_CLOEXEC);
}

/* For the first interface: what makes it faster is opened as far as it can be, and done without otherwise.
 * More queues than processors are of no use to a guest. */
static void keep_queues(struct container *container)
{
    struct kept *kept = &container->kept;
    const struct guest_setup *setup = &container->guest;
    const struct monitor_config *config = guest_monitor_config(setup, &container->config);
    size_t queues = config->queues < config->vcpus ? config->queues : config->vcpus;
    if (setup->guest->queues && queues > 1)
        kept->queue_count = open_all(network_open_tun, queues - 1, kept->queues);
    if (!config->vhost)
        return;
    queues = 1 + kept->queue_count;
    kept->vhost_count = open_all(open_vhost, queues, kept->vhosts);
    while (kept->vhost_count > 0 && kept->vhost_count < queues) /* for all queues or for none */
        close(kept->vhosts[--kept->vhost_count]);
}

void guest_network_keep(struct container *container)
{
    struct kept *kept = &container->kept;
    size_t limit = guest_network_limit(container);
    if (limit == 0)
        return;
    kept->resolv_conf = bundle_resolv_conf(&container->bundle);
    while (kept->tun_count < limit) {
        int fd = network_open_tun();
        kept->tun_number = errno;
        if (fd < 0)
            return;
        kept->tuns[kept->tun_count++] = fd;
    }
    keep_queues(container);
}

void guest_network_share(struct container *container)
{
    cleanup_error struct error ignored = {0};
    if (container->foreign_network && guest_network_limit(container) > 0)
        sharing_load(&container->sharing, &ignored);
}

/* Knative gives the function's container this name, and its proxy in the pod the pod's ports. Engines tell
 * the name by these annotations (containerd, pkg/cri/annotations; CRI-O, pkg/annotations). */
static bool is_of_knative(const struct container *container)
{
    static const char *const keys[] = {"io.kubernetes.cri.container-name", "io.kubernetes.container.name"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *name = json_string_value(json_object_get(container->bundle.annotations, keys[i]));
        if (name != NULL && strcmp(name, "user-container") == 0)
            return container->foreign_network;
    }
    return false;
}

static bool is_shared(const struct container *container)
{
    return container->sharing.program >= 0;
}

/* What there will be to undo, each as network_leave wants it told, with its tap. */
static void list_joined(const struct container *container, const struct network *networks, size_t count,
                        struct strings *joined, struct strings *taps)
{
    for (size_t i = 0; i < count; i++) {
        const struct network *network = &networks[i];
        if (*network->pod != '\0')
            strings_add_owned(joined, xasprintf(NETWORK_OF_SUBNET "%s", network->interface));
        else
            strings_add(joined, network->interface);
        strings_add(taps, network->tap);
    }
    if (count > 0 && is_shared(container)) {
        strings_add(joined, "lo");
        strings_add(taps, networks->tap);
    }
}

/* Tells `start` what is about to be joined, so that `delete` can undo it; a namespace of the container's own
 * needs no undoing. */
static int announce(const struct container *container, const struct network *networks, size_t count,
                    int connection, struct error *error)
{
    if (!container->foreign_network)
        return 0;
    struct message answer;
    cleanup_buffer struct buffer text = {0};
    cleanup_strings struct strings joined = {0}, taps = {0};
    list_joined(container, networks, count, &joined, &taps);
    for (size_t i = 0; i < joined.count; i++)
        buffer_format(&text, "%s%s %s", i > 0 ? " " : "", joined.items[i], taps.items[i]);
    if (message_send(connection, MESSAGE_NETWORK, text.data, error) < 0)
        return -1;
    return message_expect(connection, MESSAGE_TIMEOUT, MESSAGE_WRITTEN, &answer, error);
}

/* What was joined before a failure would otherwise stay, because `start` forgets a network that was not
 * joined. */
static void leave(const struct container *container, const struct network *networks, size_t count)
{
    cleanup_error struct error ignored = {0};
    cleanup_strings struct strings joined = {0}, taps = {0};
    list_joined(container, networks, count, &joined, &taps);
    for (size_t i = 0; i < joined.count; i++)
        network_leave(joined.items[i], taps.items[i], &ignored);
}

static int join_all(const struct container *container, struct network *networks, size_t count,
                    struct error *error)
{
    const struct identity *user = &container->kept.user.identity;
    struct tap_options options = {
        .owner = user->uid, .group = user->gid, .raw = container->guest.monitor->raw_taps};
    for (size_t i = 0; i < count; i++) {
        options.sharing = i == 0 && is_shared(container) ? &container->sharing : NULL;
        options.queues = container->kept.queues;
        options.queue_count = i == 0 ? container->kept.queue_count : 0;
        if (network_join(&networks[i], container->kept.tuns[i], &options, error) < 0) {
            leave(container, networks, i);
            return -1;
        }
    }
    return 0;
}

static void add_nic(struct boot *boot, const struct network *network, int tap_fd)
{
    struct boot_nic *nic = boot_add_nic(boot, tap_fd);
    nic->mtu = network->mtu;
    memcpy(nic->mac, network->mac, sizeof nic->mac);
    snprintf(nic->tap, sizeof nic->tap, "%s", network->tap);
}

static void add_queues(struct boot_nic *nic, const struct kept *kept)
{
    memcpy(nic->further_taps, kept->queues, kept->queue_count * sizeof *kept->queues);
    memcpy(nic->vhosts, kept->vhosts, kept->vhost_count * sizeof *kept->vhosts);
    nic->further_count = kept->queue_count;
    nic->vhost_count = kept->vhost_count;
}

/* From here on `start` knows that there is something to undo, so a tap may stay without its descriptor. */
static int hand_over(struct container *container, const struct network *networks, size_t count,
                     struct boot *boot, struct error *error)
{
    bool by_name = container->guest.monitor->nics_by_name;
    for (size_t i = 0; i < count; i++) {
        int *tun = &container->kept.tuns[i];
        if (by_name && network_keep_tap(&networks[i], *tun, error) < 0)
            return -1;
        if (by_name)
            close(take_fd(*tun));
        add_nic(boot, &networks[i], *tun);
    }
    add_queues(&boot->nics[0], &container->kept);
    return 0;
}

static int missing_tun(int number, struct error *error)
{
    error_set_errno(error, number, "network: " NETWORK_TUN_DEVICE);
    if (number != EACCES && number != EPERM)
        return -1;
    cleanup_free char *reason = xstrdup(error->message);
    return error_set(error, "%s: let the user open it (mode 0666, as udev makes it), or run urunc as root",
                     reason);
}

int guest_network_join(struct container *container, int connection, struct network *networks,
                       struct boot *boot, struct error *error)
{
    struct kept *kept = &container->kept;
    size_t limit = guest_network_limit(container);
    int found = limit > 0 ? network_find(networks, limit, error) : 0;
    if (found <= 0)
        return found;
    size_t count = (size_t)found;
    if (count > kept->tun_count)
        return missing_tun(kept->tun_number, error);
    for (size_t i = 0; i < count; i++)
        saved_machine_tap(&container->saved, i, networks[i].tap);
    if (kept->resolv_conf != NULL)
        network_read_dns(kept->resolv_conf, networks);
    if (is_of_knative(container))
        network_take_subnet(networks);
    if (announce(container, networks, count, connection, error) < 0 ||
        join_all(container, networks, count, error) < 0 ||
        message_send(connection, MESSAGE_JOINED, "", error) < 0 ||
        hand_over(container, networks, count, boot, error) < 0)
        return -1;
    return found;
}
