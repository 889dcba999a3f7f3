#include "runtime/monitors/spt/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int find_capacity(struct spt_device *device, struct error *error)
{
    struct stat status;
    if (fstat(device->fd, &status) < 0)
        return error_errno(error, errno, "descriptor %d", device->fd);
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
        return error_set(error, "descriptor %d is neither a regular file nor a block device", device->fd);
    off_t end = lseek(device->fd, 0, SEEK_END);
    if (end < 0)
        return error_errno(error, errno, "descriptor %d: its size", device->fd);
    device->capacity = (uint64_t)end;
    return 0;
}

static int check_block(struct spt_device *device, struct error *error)
{
    int flags = fcntl(device->fd, F_GETFL);
    if (flags < 0)
        return error_errno(error, errno, "descriptor %d", device->fd);
    if ((flags & O_PATH) || (flags & O_ACCMODE) == O_WRONLY)
        return error_set(error, "descriptor %d is not open for reading", device->fd);
    if (flags & O_APPEND) /* pwrite would ignore its offset (pwrite(2), "BUGS") and grow the file */
        return error_set(error, "descriptor %d is open for appending", device->fd);
    if (find_capacity(device, error) < 0)
        return -1;
    if (device->capacity < device->block_size || device->capacity % device->block_size != 0)
        return error_set(error, "descriptor %d has %llu bytes: must be a multiple of the block size, %u",
                         device->fd, (unsigned long long)device->capacity, device->block_size);
    return 0;
}

/* The guest reads and writes bare frames. (Packet information cannot be seen: the kernel reports IFF_NO_PI of
 * every tap.) */
static int check_tap(const struct spt_device *device, short flags, struct error *error)
{
    if (!(flags & IFF_TAP))
        return error_set(error, "descriptor %d is no tap, it is a tun", device->fd);
    if (flags & IFF_VNET_HDR)
        return error_set(error, "descriptor %d is a tap with a vnet header (IFF_VNET_HDR)", device->fd);
    return 0;
}

static int check_packets(const struct spt_device *device, struct error *error)
{
    struct ifreq request = {0};
    int type = 0;
    socklen_t length = sizeof type;
    if (ioctl(device->fd, TUNGETIFF, &request) == 0)
        return check_tap(device, request.ifr_flags, error);
    if (getsockopt(device->fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0)
        return error_set(error, "descriptor %d is neither a tap nor a socket", device->fd);
    if (type != SOCK_DGRAM && type != SOCK_SEQPACKET && type != SOCK_RAW)
        return error_set(error, "descriptor %d is a socket that does not keep packets apart", device->fd);
    return 0;
}

/* Locally administered, of one interface (IEEE 802, the first byte's lowest two bits). */
static int choose_mac(struct spt_device *device, struct error *error)
{
    if (getrandom(device->mac, sizeof device->mac, 0) != (ssize_t)sizeof device->mac)
        return error_errno(error, errno, "getrandom");
    device->mac[0] = (uint8_t)((device->mac[0] & 0xfc) | 0x02);
    return 0;
}

static int check_net(struct spt_device *device, struct error *error)
{
    int flags = fcntl(device->fd, F_GETFL);
    if (flags < 0 || check_packets(device, error) < 0)
        return flags < 0 ? error_errno(error, errno, "descriptor %d", device->fd) : -1;
    if ((flags & O_ACCMODE) != O_RDWR)
        return error_set(error, "descriptor %d is not open for reading and writing", device->fd);
    if (fcntl(device->fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return error_errno(error, errno, "descriptor %d: O_NONBLOCK", device->fd);
    return device->has_mac ? 0 : choose_mac(device, error);
}

int spt_devices_check(struct spt_options *options, struct error *error)
{
    for (unsigned i = 0; i < options->device_count; i++) {
        struct spt_device *device = &options->devices[i];
        if (device->is_block ? check_block(device, error) : check_net(device, error))
            return error_prefix(error, "--%s:%s", device->is_block ? "block" : "net", device->name);
    }
    return 0;
}

static const char *kind(bool is_block)
{
    return is_block ? "block" : "network";
}

static const struct spt_device *find_device(const struct spt_options *options,
                                            const struct solo5_device *declared)
{
    for (unsigned i = 0; i < options->device_count; i++)
        if (options->devices[i].is_block == declared->is_block &&
            strcmp(options->devices[i].name, declared->name) == 0)
            return &options->devices[i];
    return NULL;
}

static void fill_entry(const struct spt_device *device, struct spt_entry *entry)
{
    memcpy(entry->name, device->name, sizeof entry->name);
    entry->fd = device->fd;
    entry->attached = true;
    if (device->is_block) {
        entry->type = SPT_MANIFEST_BLOCK;
        entry->block.capacity = device->capacity;
        entry->block.block_size = (uint16_t)device->block_size;
        return;
    }
    entry->type = SPT_MANIFEST_NET;
    memcpy(entry->net.mac, device->mac, sizeof entry->net.mac);
    entry->net.mtu = (uint16_t)device->mtu;
}

static int check_declared(const struct spt_device *device, const struct kernel_probe *kernel,
                          struct error *error)
{
    for (unsigned i = 0; i < kernel->solo5_device_count; i++)
        if (kernel->solo5_devices[i].is_block == device->is_block &&
            strcmp(kernel->solo5_devices[i].name, device->name) == 0)
            return 0;
    return error_set(error, "--%s:%s: the kernel's manifest declares no %s device of that name",
                     device->is_block ? "block" : "net", device->name, kind(device->is_block));
}

int spt_devices_attach(const struct spt_options *options, const struct kernel_probe *kernel,
                       struct spt_manifest *manifest, struct error *error)
{
    *manifest =
        (struct spt_manifest){.version = SPT_MANIFEST_VERSION, .count = 1 + kernel->solo5_device_count};
    manifest->entries[0].type = SPT_MANIFEST_RESERVED;
    for (unsigned i = 0; i < kernel->solo5_device_count; i++) {
        const struct solo5_device *declared = &kernel->solo5_devices[i];
        const struct spt_device *device = find_device(options, declared);
        if (device == NULL)
            return error_set(error, "the kernel's manifest declares the %s device %s: --%s:%s=@FD is missing",
                             kind(declared->is_block), declared->name, declared->is_block ? "block" : "net",
                             declared->name);
        fill_entry(device, &manifest->entries[1 + i]);
    }
    for (unsigned i = 0; i < options->device_count; i++)
        if (check_declared(&options->devices[i], kernel, error) < 0)
            return -1;
    return 0;
}
