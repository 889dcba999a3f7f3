/*
 * QEMU: disks, network interfaces and shares.
 *
 * On machines with PCI they are virtio over PCI, else over MMIO. An MMIO device is put on a transport by its
 * number, because QEMU fills the transports from the last one on, and a guest finds them from the first one
 * on: its first disk would be the last of ours.
 */
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/monitors/qemu/qemu.h"

static void add_device(struct qemu_argv *argv, const char *model, const char *properties)
{
    if (argv->machine->pci)
        qemu_format(argv, "-device", "%s-pci,%s", model, properties);
    else
        qemu_format(argv, "-device", "%s-device,bus=virtio-mmio-bus.%u,%s", model, argv->transports++,
                    properties);
}

void qemu_add_virtio(struct qemu_argv *argv, const char *kind, const char *properties)
{
    cleanup_free char *model = xasprintf("virtio-%s", kind);
    add_device(argv, model, properties);
}

/* A guest that tells its devices by their order finds them in the order of their PCI slots, of which machines
 * have 32; slot 0 is the bridge, and the last is the ISA bridge of q35. */
static int add_place(const struct qemu_argv *argv, unsigned position, struct buffer *properties,
                     struct error *error)
{
    enum { LAST_SLOT = 30 };
    if (position == 0)
        return 0;
    unsigned slot = position + 1; /* pc has its ISA bridge in the first */
    if (!argv->machine->pci)
        return error_set(error, "qemu: the guest finds its devices on a PCI bus, which %s has not",
                         argv->machine->name);
    if (slot > LAST_SLOT)
        return error_set(error,
                         "qemu: the guest has %u devices in an order, and its PCI bus has places for %d",
                         position, LAST_SLOT - 1);
    buffer_format(properties, ",addr=0x%x", slot);
    return 0;
}

/* By descriptor: QEMU opens "/dev/fdset/N" as a duplicate of what it was handed in set N. Owned by the
 * caller. */
static json_t *describe_file(struct qemu_argv *argv, int fd, size_t set, const char *driver, bool readonly,
                             bool device)
{
    cleanup_free char *path = xasprintf("/dev/fdset/%zu", set);
    qemu_format(argv, "-add-fd", "fd=%d,set=%zu", fd, set);
    return json_pack("{s:s, s:b, s:{s:s, s:s}}", "driver", driver, "read-only", readonly, "file", "driver",
                     device ? "host_device" : "file", "filename", path);
}

/* Sets of what is behind the disks follow those of the disks. */
static json_t *describe_disk(struct qemu_argv *argv, size_t index, const struct boot_disk *disk)
{
    bool layered = disk->backing >= 0;
    size_t set = QEMU_FIRST_DISK_SET + index;
    json_t *json =
        describe_file(argv, disk->fd, set, layered ? "qcow2" : "raw", disk->readonly, disk->device);
    json_object_set_new(json, "discard", json_string("unmap"));
    if (layered)
        json_object_set_new(
            json, "backing",
            describe_file(argv, disk->backing, set + argv->boot->disk_count, "raw", true, false));
    return json;
}

static int add_disk(struct qemu_argv *argv, size_t index, const struct boot_disk *disk, struct error *error)
{
    cleanup_free char *node = xasprintf("disk%zu", index);
    cleanup_json json_t *json = describe_disk(argv, index, disk);
    json_object_set_new(json, "node-name", json_string(node));
    cleanup_free char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL)
        return error_set(error, "qemu: cannot describe the disk %s", node);
    qemu_add(argv, "-blockdev", text);
    cleanup_buffer struct buffer properties = {0};
    cleanup_free char *serial = boot_disk_serial(index);
    buffer_format(&properties, "drive=%s,serial=%s", node, serial);
    if (add_place(argv, disk->position, &properties, error) < 0)
        return -1;
    qemu_add_virtio(argv, "blk", properties.data);
    return 0;
}

int qemu_add_disks(struct qemu_argv *argv, struct error *error)
{
    for (size_t i = 0; i < argv->boot->disk_count; i++)
        if (add_disk(argv, i, &argv->boot->disks[i], error) < 0)
            return -1;
    return 0;
}

/* ",fd=3", or of several ",fds=3:4". */
static void add_descriptors(struct buffer *option, const char *name, const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (i == 0)
            buffer_format(option, ",%s%s=%d", name, count > 1 ? "s" : "", fds[i]);
        else
            buffer_format(option, ":%d", fds[i]);
}

static void add_netdev(struct qemu_argv *argv, size_t index, const struct boot_nic *nic)
{
    int taps[BOOT_QUEUES_MAX] = {nic->tap_fd};
    memcpy(taps + 1, nic->further_taps, nic->further_count * sizeof *taps);
    cleanup_buffer struct buffer option = {0};
    buffer_format(&option, "tap,id=net%zu", index);
    add_descriptors(&option, "fd", taps, 1 + nic->further_count);
    if (nic->vhost_count > 0)
        buffer_add_string(&option, ",vhost=on");
    add_descriptors(&option, "vhostfd", nic->vhosts, nic->vhost_count);
    qemu_add(argv, "-netdev", option.data);
}

/* A vector for each queue, one for changes of the configuration and one for the control queue (QEMU,
 * hw/virtio/virtio-net-pci.c); over MMIO there is one interrupt for all. */
static void add_queues(const struct qemu_argv *argv, const struct boot_nic *nic, struct buffer *properties)
{
    if (nic->further_count == 0)
        return;
    buffer_add_string(properties, ",mq=on");
    if (argv->machine->pci)
        buffer_format(properties, ",vectors=%zu", 2 * (1 + nic->further_count) + 2);
}

static int add_nic(struct qemu_argv *argv, size_t index, const struct boot_nic *nic, struct error *error)
{
    add_netdev(argv, index, nic);
    cleanup_buffer struct buffer properties = {0};
    buffer_format(&properties, "netdev=net%zu,mac=%s", index, nic->mac);
    add_queues(argv, nic, &properties);
    /* No option ROM: nothing boots from the network, and loading it takes longer than a small guest runs. */
    if (argv->machine->pci)
        buffer_add_string(&properties, ",romfile=");
    if (nic->mtu != 0)
        buffer_format(&properties, ",host_mtu=%u", nic->mtu);
    if (argv->machine->pci && (argv->boot->quirks & BOOT_QUIRK_MODERN_VIRTIO))
        buffer_add_string(&properties, ",disable-legacy=on");
    if (add_place(argv, nic->position, &properties, error) < 0)
        return -1;
    qemu_add_virtio(argv, "net", properties.data);
    return 0;
}

int qemu_add_nics(struct qemu_argv *argv, struct error *error)
{
    /* Over MMIO it is the transports that are modern or not, those of disks as well. */
    if (!argv->machine->pci && argv->boot->nic_count + argv->boot->disk_count > 0 &&
        (argv->boot->quirks & BOOT_QUIRK_MODERN_VIRTIO))
        qemu_add(argv, "-global", "virtio-mmio.force-legacy=false");
    for (size_t i = 0; i < argv->boot->nic_count; i++)
        if (add_nic(argv, i, &argv->boot->nics[i], error) < 0)
            return -1;
    return 0;
}

/*
 * security_model=none: QEMU acts on the files as its own user, which has no privileges, and tells the guest
 * the owners and modes that they have; what that user may not do fails in the guest with "permission denied".
 * (passthrough would fail where a file is made, mapped-xattr would leave attributes of its own on the host's
 * files.) multidevs=remap: a rootfs can be on several devices whose inode numbers collide, as an overlay's
 * are.
 */
static void add_9p(struct qemu_argv *argv, size_t index, const struct boot_share *share)
{
    qemu_format(argv, "-fsdev", "local,id=share%zu,path=%s,security_model=none,multidevs=remap,readonly=%s",
                index, share->path, share->readonly ? "on" : "off");
    cleanup_free char *properties = xasprintf("fsdev=share%zu,mount_tag=%s", index, share->tag);
    qemu_add_virtio(argv, "9p", properties);
}

/* The program behind the socket serves the files, out of the guest's memory (qemu_add_machine). */
static void add_virtiofs(struct qemu_argv *argv, size_t index, const struct boot_share *share)
{
    qemu_format(argv, "-chardev", "socket,id=share%zu,fd=%d", index, share->server);
    cleanup_free char *properties = xasprintf("chardev=share%zu,tag=%s", index, share->tag);
    add_device(argv, "vhost-user-fs", properties);
}

void qemu_add_shares(struct qemu_argv *argv)
{
    for (size_t i = 0; i < argv->boot->share_count; i++) {
        const struct boot_share *share = &argv->boot->shares[i];
        if (share->server >= 0)
            add_virtiofs(argv, i, share);
        else
            add_9p(argv, i, share);
    }
}
