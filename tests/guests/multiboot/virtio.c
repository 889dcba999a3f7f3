/*
 * Legacy virtio over PCI (virtio 1.2, section 4.1.4.8 "Legacy Interfaces"): the registers are I/O ports of
 * BAR 0, a queue is one stretch of memory, requests are polled.
 */
#include "guest.h"

enum {
    /* registers */
    GUEST_FEATURES = 0x04,
    QUEUE_ADDRESS = 0x08,
    QUEUE_SIZE = 0x0c,
    QUEUE_SELECT = 0x0e,
    QUEUE_NOTIFY = 0x10,
    DEVICE_STATUS = 0x12,
    DEVICE_CONFIG = 0x14,
    /* device status */
    ACKNOWLEDGE = 1,
    DRIVER = 2,
    DRIVER_OK = 4,
    /* descriptor flags */
    DESCRIPTOR_NEXT = 1,
    DESCRIPTOR_WRITE = 2,

    PAGE = 4096,
    QUEUE_MAX = 256,
    SECTOR = 512,
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
    uint32_t type; /* 0: read */
    uint32_t reserved;
    uint64_t sector;
};

struct disk {
    uint16_t port;
    uint16_t size; /* of the queue */
    volatile struct descriptor *descriptors;
    volatile struct available *available;
    volatile struct used *used;
};

static uint8_t queue_memory[4 * PAGE] __attribute__((aligned(PAGE)));

static bool disk_start(struct disk *disk)
{
    out8(disk->port + DEVICE_STATUS, 0);
    out8(disk->port + DEVICE_STATUS, ACKNOWLEDGE);
    out8(disk->port + DEVICE_STATUS, ACKNOWLEDGE | DRIVER);
    out32(disk->port + GUEST_FEATURES, 0);
    out16(disk->port + QUEUE_SELECT, 0);
    disk->size = in16(disk->port + QUEUE_SIZE);
    if (disk->size == 0 || disk->size > QUEUE_MAX)
        return false;
    for (size_t i = 0; i < sizeof queue_memory; i++)
        queue_memory[i] = 0;
    size_t available = disk->size * sizeof(struct descriptor);
    size_t used = (available + sizeof(struct available) + 2u * disk->size + PAGE - 1) & ~(PAGE - 1u);
    disk->descriptors = (volatile struct descriptor *)queue_memory;
    disk->available = (volatile struct available *)(queue_memory + available);
    disk->used = (volatile struct used *)(queue_memory + used);
    out32(disk->port + QUEUE_ADDRESS, (uint32_t)(uintptr_t)queue_memory / PAGE);
    out8(disk->port + DEVICE_STATUS, ACKNOWLEDGE | DRIVER | DRIVER_OK);
    return true;
}

static void describe(const struct disk *disk, uint16_t index, const void *memory, uint32_t length,
                     uint16_t flags)
{
    disk->descriptors[index].address = (uint32_t)(uintptr_t)memory;
    disk->descriptors[index].length = length;
    disk->descriptors[index].flags = flags;
    disk->descriptors[index].next = (uint16_t)(index + 1);
}

static bool disk_read(const struct disk *disk, uint64_t sector, void *memory, uint32_t length)
{
    struct request request = {.sector = sector};
    volatile uint8_t status = 0xff;
    describe(disk, 0, &request, sizeof request, DESCRIPTOR_NEXT);
    describe(disk, 1, memory, length, DESCRIPTOR_NEXT | DESCRIPTOR_WRITE);
    describe(disk, 2, (const void *)&status, 1, DESCRIPTOR_WRITE);
    uint16_t before = disk->used->index;
    disk->available->ring[disk->available->index % disk->size] = 0;
    __sync_synchronize();
    disk->available->index++;
    __sync_synchronize();
    out16(disk->port + QUEUE_NOTIFY, 0);
    for (unsigned i = 0; i < POLLS && disk->used->index == before; i++)
        __asm__ volatile("pause" : : : "memory");
    __asm__ volatile("" : : : "memory");
    return disk->used->index != before && status == 0;
}

void virtio_print_disk(const struct pci_device *device, unsigned index)
{
    static uint8_t data[4 * SECTOR] __attribute__((aligned(16)));
    struct disk disk = {.port = pci_io_port(device)};
    if (disk.port == 0 || !disk_start(&disk)) {
        print("disk%u: no legacy virtio interface\n", index);
        return;
    }
    print("disk%u: sectors %u\n", index, in32(disk.port + DEVICE_CONFIG));
    uint32_t sectors = in32(disk.port + DEVICE_CONFIG);
    uint32_t wanted = sectors < 4 ? sectors : 4;
    if (!disk_read(&disk, 0, data, wanted * SECTOR)) {
        print("disk%u: cannot read\n", index);
        return;
    }
    print("disk%u: first bytes", index);
    for (unsigned i = 0; i < 16; i++)
        print(" %02x", data[i]);
    print("\ndisk%u: magic %02x%02x\n", index, data[EXT2_MAGIC_OFFSET], data[EXT2_MAGIC_OFFSET + 1]);
}

void virtio_print_nic(const struct pci_device *device, unsigned index)
{
    uint16_t port = pci_io_port(device);
    if (port == 0) {
        print("net%u: no legacy virtio interface\n", index);
        return;
    }
    print("net%u: mac", index);
    for (uint16_t i = 0; i < 6; i++)
        print("%c%02x", i == 0 ? ' ' : ':', in8((uint16_t)(port + DEVICE_CONFIG + i)));
    print("\n");
}
