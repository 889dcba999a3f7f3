/* virtio over MMIO (virtio 1.2, section 4.2), version 1 (legacy) and version 2. */
#include "x86/transport.h"

enum {
    MAGIC = 0x000,
    VERSION = 0x004,
    DEVICE_ID = 0x008,
    FEATURES = 0x010,
    FEATURES_SELECT = 0x014,
    ACCEPTED = 0x020,
    ACCEPTED_SELECT = 0x024,
    GUEST_PAGE_SIZE = 0x028,
    QUEUE_SELECT = 0x030,
    QUEUE_SIZE_MAX = 0x034,
    QUEUE_SIZE_REGISTER = 0x038,
    QUEUE_ALIGN = 0x03c,
    QUEUE_PAGE = 0x040,
    QUEUE_READY = 0x044,
    QUEUE_NOTIFY = 0x050,
    STATUS = 0x070,
    QUEUE_DESCRIPTORS = 0x080,
    QUEUE_AVAILABLE = 0x090,
    QUEUE_USED = 0x0a0,
    CONFIG = 0x100,
    VIRTIO_MAGIC = 0x74726976,
    PAGE = 4096,
};

static uint32_t features(const struct virtio *device, uint32_t word)
{
    write32(device->common, FEATURES_SELECT, word);
    return read32(device->common, FEATURES);
}

static void accept(const struct virtio *device, uint32_t word, uint32_t value)
{
    write32(device->common, ACCEPTED_SELECT, word);
    write32(device->common, ACCEPTED, value);
}

static uint8_t status(const struct virtio *device)
{
    return (uint8_t)read32(device->common, STATUS);
}

static void set_status(const struct virtio *device, uint8_t value)
{
    write32(device->common, STATUS, value);
}

static uint16_t queue_size(const struct virtio *device, uint16_t wanted)
{
    write32(device->common, QUEUE_SELECT, 0);
    uint32_t most = read32(device->common, QUEUE_SIZE_MAX);
    uint16_t size = most < wanted ? (uint16_t)most : wanted;
    write32(device->common, QUEUE_SIZE_REGISTER, size);
    return size;
}

static void set_queue(const struct virtio *device, const struct queue_memory *memory)
{
    if (device->legacy) {
        write32(device->common, GUEST_PAGE_SIZE, PAGE);
        write32(device->common, QUEUE_ALIGN, PAGE);
        write32(device->common, QUEUE_PAGE, (uint32_t)(uintptr_t)memory->descriptors / PAGE);
        return;
    }
    write_address(device->common, QUEUE_DESCRIPTORS, memory->descriptors);
    write_address(device->common, QUEUE_AVAILABLE, memory->available);
    write_address(device->common, QUEUE_USED, memory->used);
    write32(device->common, QUEUE_READY, 1);
}

static void notify(const struct virtio *device)
{
    write32(device->common, QUEUE_NOTIFY, 0);
}

static uint8_t config(const struct virtio *device, uint32_t offset)
{
    return device->common[CONFIG + offset];
}

static const struct transport mmio = {
    "MMIO", features, accept, status, set_status, queue_size, set_queue, notify, config,
};

bool virtio_find_mmio(uint64_t address, struct virtio *device)
{
    volatile uint8_t *registers = map_device(address);
    if (read32(registers, MAGIC) != VIRTIO_MAGIC)
        return false;
    *device = (struct virtio){
        .transport = &mmio,
        .type = read32(registers, DEVICE_ID),
        .common = registers,
        .legacy = read32(registers, VERSION) == 1,
    };
    return true;
}
