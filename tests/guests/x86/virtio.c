/* Prints what a guest sees of its virtio devices. */
#include "x86/transport.h"

enum {
    TYPE_NET = 1,
    TYPE_BLOCK = 2,
    TYPE_9P = 9,
    /* features */
    NET_MTU = 1 << 3,
    NET_MAC = 1 << 5,
    BLOCK_READONLY = 1 << 5,

    REQUEST_READ = 0,
    REQUEST_WRITE = 1,
    PAGE = 4096,
    SECTOR = 512,
    CHUNK = 64 * SECTOR,
    EXT2_MAGIC_OFFSET = 1024 + 56,
};

struct request {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

static unsigned disk_count, nic_count, share_count;

static bool disk_request(const struct queue *disk, uint32_t type, uint64_t sector, void *memory,
                         uint32_t length)
{
    static struct request request;
    static volatile uint8_t status;
    request = (struct request){.type = type, .sector = sector};
    status = 0xff;
    const struct part parts[] = {
        {&request, sizeof request, false},
        {memory, length, type == REQUEST_READ},
        {(const void *)&status, 1, true},
    };
    return queue_request(disk, parts, 3) && status == 0;
}

/* Of all the disk's 32-bit little-endian words: their sum, and the sum of the sums after each (Fletcher's,
 * modulo 2^32). A few instructions a word: there are hosts whose KVM emulates each one of this guest's. */
struct sum {
    uint32_t simple;
    uint32_t weighted;
};

static void add_words(struct sum *sum, const uint32_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sum->simple += words[i];
        sum->weighted += sum->simple;
    }
}

static void print_contents(const struct queue *disk, unsigned index, uint32_t sectors)
{
    static uint8_t data[CHUNK] __attribute__((aligned(PAGE)));
    struct sum sum = {0};
    for (uint32_t sector = 0; sector < sectors; sector += CHUNK / SECTOR) {
        uint32_t length = sectors - sector < CHUNK / SECTOR ? (sectors - sector) * SECTOR : CHUNK;
        if (!disk_request(disk, REQUEST_READ, sector, data, length)) {
            print("disk%u: cannot read sector %u\n", index, sector);
            return;
        }
        add_words(&sum, (const uint32_t *)data, length / sizeof(uint32_t));
        if (sector != 0)
            continue;
        print("disk%u: first bytes", index);
        for (unsigned i = 0; i < 16; i++)
            print(" %02x", data[i]);
        print("\ndisk%u: magic %02x%02x\n", index, data[EXT2_MAGIC_OFFSET], data[EXT2_MAGIC_OFFSET + 1]);
    }
    print("disk%u: sum %08x%08x\n", index, sum.weighted, sum.simple);
}

/* The last sector is filled with the byte 0x55. */
static void write_last(const struct queue *disk, unsigned index, uint32_t sectors)
{
    static uint8_t sector[SECTOR];
    __builtin_memset(sector, 0x55, sizeof sector);
    bool written = disk_request(disk, REQUEST_WRITE, sectors - 1, sector, SECTOR);
    print("disk%u: %s\n", index, written ? "written" : "cannot write");
}

static void print_disk(const struct virtio *device, unsigned index, bool write)
{
    struct queue disk;
    uint32_t features = 0, sectors = 0;
    if (!queue_start(device, BLOCK_READONLY, &disk, &features)) {
        print("disk%u: does not start (%s)\n", index, device->transport->name);
        return;
    }
    for (unsigned i = 0; i < 4; i++)
        sectors |= (uint32_t)device->transport->config(device, i) << 8 * i;
    print("disk%u: sectors %u\n", index, sectors);
    if (features & BLOCK_READONLY)
        print("disk%u: read-only\n", index);
    print_contents(&disk, index, sectors);
    if (write)
        write_last(&disk, index, sectors);
    queue_stop(&disk);
}

static void print_nic(const struct virtio *device, unsigned index)
{
    uint32_t features = 0;
    if (!virtio_negotiate(device, NET_MAC | NET_MTU, &features)) {
        print("net%u: does not start (%s)\n", index, device->transport->name);
        return;
    }
    print("net%u: mac", index);
    for (uint16_t i = 0; i < 6; i++)
        print("%c%02x", i == 0 ? ' ' : ':', device->transport->config(device, i));
    print("\n");
    if (features & NET_MTU)
        print("net%u: mtu %u\n", index,
              device->transport->config(device, 10) | device->transport->config(device, 11) << 8);
}

static void print_device(const struct virtio *device, const char *command_line)
{
    if (device->type == TYPE_BLOCK)
        print_disk(device, disk_count++, find_word(command_line, "write") != NULL);
    else if (device->type == TYPE_NET)
        print_nic(device, nic_count++);
    else if (device->type == TYPE_9P)
        share_print(device, share_count++, command_line);
}

static void visit_pci(const struct pci_device *pci, const void *context)
{
    struct virtio device;
    if (virtio_find_pci(pci, &device))
        print_device(&device, context);
}

void virtio_print_pci(const char *command_line)
{
    pci_scan(visit_pci, command_line);
}

bool virtio_print_mmio(uint64_t address, const char *command_line)
{
    struct virtio device;
    if (!virtio_find_mmio(address, &device))
        return false;
    print_device(&device, command_line);
    return true;
}
