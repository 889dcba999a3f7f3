/* Prints what a guest sees of its virtio disks and network cards. Requests are polled, one at a time. */
#include "x86/transport.h"

enum {
    TYPE_NET = 1,
    TYPE_BLOCK = 2,
    /* device status */
    ACKNOWLEDGE = 1,
    DRIVER = 2,
    DRIVER_OK = 4,
    FEATURES_OK = 8,
    /* features */
    NET_MTU = 1 << 3,
    NET_MAC = 1 << 5,
    BLOCK_READONLY = 1 << 5,
    VERSION_1 = 1 << 0, /* of the second word */
    /* descriptor flags */
    DESCRIPTOR_NEXT = 1,
    DESCRIPTOR_WRITE = 2,

    REQUEST_READ = 0,
    REQUEST_WRITE = 1,
    PAGE = 4096,
    QUEUE_MAX = 256, /* a legacy device dictates the size */
    SECTOR = 512,
    CHUNK = 64 * SECTOR,
    EXT2_MAGIC_OFFSET = 1024 + 56,
    POLLS = 100000000,
};

struct descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

struct available {
    uint16_t flags;
    uint16_t index;
    uint16_t ring[];
};

struct used {
    uint16_t flags;
    uint16_t index;
};

struct request {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

struct disk {
    const struct virtio *device;
    uint16_t size; /* of the queue */
    volatile struct descriptor *descriptors;
    volatile struct available *available;
    volatile struct used *used;
};

static unsigned disk_count, nic_count;
static bool may_write;

/* A legacy device wants its three parts one behind the other, the last one on a page of its own. */
static struct queue_memory lay_out(uint16_t size)
{
    static uint8_t memory[4 * PAGE] __attribute__((aligned(PAGE)));
    __builtin_memset(memory, 0, sizeof memory);
    size_t available = size * sizeof(struct descriptor);
    size_t used = (available + sizeof(struct available) + 2u * size + PAGE - 1) & ~(PAGE - 1u);
    return (struct queue_memory){memory, memory + available, memory + used};
}

/* Returns the features of the first word; false where the device refuses what is accepted. */
static bool negotiate(const struct virtio *device, uint32_t accepted, uint32_t *offered)
{
    const struct transport *transport = device->transport;
    transport->set_status(device, 0);
    transport->set_status(device, ACKNOWLEDGE);
    transport->set_status(device, ACKNOWLEDGE | DRIVER);
    *offered = transport->features(device, 0);
    transport->accept(device, 0, *offered & accepted);
    if (device->legacy)
        return true;
    if (!(transport->features(device, 1) & VERSION_1))
        return false;
    transport->accept(device, 1, VERSION_1);
    transport->set_status(device, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    return (transport->status(device) & FEATURES_OK) != 0;
}

static bool disk_start(struct disk *disk, uint32_t *features)
{
    const struct virtio *device = disk->device;
    const struct transport *transport = device->transport;
    if (!negotiate(device, BLOCK_READONLY, features))
        return false;
    disk->size = transport->queue_size(device, QUEUE_SIZE);
    if (disk->size == 0 || disk->size > QUEUE_MAX)
        return false;
    struct queue_memory memory = lay_out(disk->size);
    disk->descriptors = (volatile struct descriptor *)memory.descriptors;
    disk->available = (volatile struct available *)memory.available;
    disk->used = (volatile struct used *)memory.used;
    transport->set_queue(device, &memory);
    transport->set_status(device, (uint8_t)(transport->status(device) | DRIVER_OK));
    return true;
}

static void describe(const struct disk *disk, uint16_t index, const void *memory, uint32_t length,
                     uint16_t flags)
{
    disk->descriptors[index].address = (uintptr_t)memory;
    disk->descriptors[index].length = length;
    disk->descriptors[index].flags = flags;
    disk->descriptors[index].next = (uint16_t)(index + 1);
}

static bool disk_request(const struct disk *disk, uint32_t type, uint64_t sector, void *memory,
                         uint32_t length)
{
    static struct request request;
    static volatile uint8_t status;
    request = (struct request){.type = type, .sector = sector};
    status = 0xff;
    describe(disk, 0, &request, sizeof request, DESCRIPTOR_NEXT);
    describe(disk, 1, memory, length,
             (uint16_t)(DESCRIPTOR_NEXT | (type == REQUEST_READ ? DESCRIPTOR_WRITE : 0)));
    describe(disk, 2, (const void *)&status, 1, DESCRIPTOR_WRITE);
    uint16_t before = disk->used->index;
    disk->available->ring[disk->available->index % disk->size] = 0;
    __sync_synchronize();
    disk->available->index++;
    __sync_synchronize();
    disk->device->transport->notify(disk->device);
    for (unsigned i = 0; i < POLLS && disk->used->index == before; i++)
        __asm__ volatile("pause" : : : "memory");
    __asm__ volatile("" : : : "memory");
    return disk->used->index != before && status == 0;
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

static void print_contents(const struct disk *disk, unsigned index, uint32_t sectors)
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
static void write_last(const struct disk *disk, unsigned index, uint32_t sectors)
{
    static uint8_t sector[SECTOR];
    __builtin_memset(sector, 0x55, sizeof sector);
    bool written = disk_request(disk, REQUEST_WRITE, sectors - 1, sector, SECTOR);
    print("disk%u: %s\n", index, written ? "written" : "cannot write");
}

static void print_disk(const struct virtio *device, unsigned index)
{
    struct disk disk = {.device = device};
    uint32_t features = 0, sectors = 0;
    if (!disk_start(&disk, &features)) {
        print("disk%u: does not start (%s)\n", index, device->transport->name);
        return;
    }
    for (unsigned i = 0; i < 4; i++)
        sectors |= (uint32_t)device->transport->config(device, i) << 8 * i;
    print("disk%u: sectors %u\n", index, sectors);
    if (features & BLOCK_READONLY)
        print("disk%u: read-only\n", index);
    print_contents(&disk, index, sectors);
    if (may_write)
        write_last(&disk, index, sectors);
    device->transport->set_status(device, 0); /* the next disk has its queue in the same memory */
}

static void print_nic(const struct virtio *device, unsigned index)
{
    uint32_t features = 0;
    if (!negotiate(device, NET_MAC | NET_MTU, &features)) {
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

static void print_device(const struct virtio *device)
{
    if (device->type == TYPE_BLOCK)
        print_disk(device, disk_count++);
    else if (device->type == TYPE_NET)
        print_nic(device, nic_count++);
}

static void visit_pci(const struct pci_device *pci, void *context)
{
    (void)context;
    struct virtio device;
    if (virtio_find_pci(pci, &device))
        print_device(&device);
}

void virtio_print_pci(bool write)
{
    may_write = write;
    pci_scan(visit_pci, NULL);
}

bool virtio_print_mmio(uint64_t address, bool write)
{
    struct virtio device;
    if (!virtio_find_mmio(address, &device))
        return false;
    may_write = write;
    print_device(&device);
    return true;
}
