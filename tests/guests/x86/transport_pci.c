/* virtio over PCI (virtio 1.2, section 4.1): legacy devices have I/O ports in BAR 0, modern ones structures
 * in memory BARs, which vendor capabilities name. */
#include "x86/transport.h"

enum {
    VENDOR = 0x1af4,
    LEGACY_FIRST = 0x1000,
    MODERN_FIRST = 0x1040,
    MODERN_LAST = 0x107f,
    LEGACY_NET = 0x1000,
    LEGACY_BLOCK = 0x1001,
    LEGACY_9P = 0x1009,
    CAPABILITIES = 0x34,
    VENDOR_CAPABILITY = 0x09,
    COMMON_CAPABILITY = 1,
    NOTIFY_CAPABILITY = 2,
    DEVICE_CAPABILITY = 4,
};

/* ---- legacy ---- */

enum {
    PORT_FEATURES = 0x00,
    PORT_ACCEPTED = 0x04,
    PORT_QUEUE_ADDRESS = 0x08,
    PORT_QUEUE_SIZE = 0x0c,
    PORT_QUEUE_SELECT = 0x0e,
    PORT_QUEUE_NOTIFY = 0x10,
    PORT_STATUS = 0x12,
    PORT_CONFIG = 0x14,
    PAGE = 4096,
};

static uint32_t port_features(const struct virtio *device, uint32_t word)
{
    return word == 0 ? in32((uint16_t)(device->port + PORT_FEATURES)) : 0;
}

static void port_accept(const struct virtio *device, uint32_t word, uint32_t features)
{
    if (word == 0)
        out32((uint16_t)(device->port + PORT_ACCEPTED), features);
}

static uint8_t port_status(const struct virtio *device)
{
    return in8((uint16_t)(device->port + PORT_STATUS));
}

static void port_set_status(const struct virtio *device, uint8_t status)
{
    out8((uint16_t)(device->port + PORT_STATUS), status);
}

static uint16_t port_queue_size(const struct virtio *device, uint16_t wanted)
{
    (void)wanted;
    out16((uint16_t)(device->port + PORT_QUEUE_SELECT), 0);
    return in16((uint16_t)(device->port + PORT_QUEUE_SIZE));
}

static void port_set_queue(const struct virtio *device, const struct queue_memory *memory)
{
    out32((uint16_t)(device->port + PORT_QUEUE_ADDRESS), (uint32_t)(uintptr_t)memory->descriptors / PAGE);
}

static void port_notify(const struct virtio *device)
{
    out16((uint16_t)(device->port + PORT_QUEUE_NOTIFY), 0);
}

static uint8_t port_config(const struct virtio *device, uint32_t offset)
{
    return in8((uint16_t)(device->port + PORT_CONFIG + offset));
}

static const struct transport legacy = {
    "legacy PCI",    port_features,  port_accept, port_status, port_set_status,
    port_queue_size, port_set_queue, port_notify, port_config,
};

/* ---- modern ---- */

enum {
    FEATURE_SELECT = 0x00,
    FEATURE = 0x04,
    ACCEPTED_SELECT = 0x08,
    ACCEPTED = 0x0c,
    STATUS = 0x14,
    QUEUE_SELECT = 0x16,
    QUEUE_SIZE_REGISTER = 0x18,
    QUEUE_ENABLE = 0x1c,
    QUEUE_NOTIFY_OFFSET = 0x1e,
    QUEUE_DESCRIPTORS = 0x20,
    QUEUE_AVAILABLE = 0x28,
    QUEUE_USED = 0x30,
};

static uint32_t modern_features(const struct virtio *device, uint32_t word)
{
    write32(device->common, FEATURE_SELECT, word);
    return read32(device->common, FEATURE);
}

static void modern_accept(const struct virtio *device, uint32_t word, uint32_t features)
{
    write32(device->common, ACCEPTED_SELECT, word);
    write32(device->common, ACCEPTED, features);
}

static uint8_t modern_status(const struct virtio *device)
{
    return device->common[STATUS];
}

static void modern_set_status(const struct virtio *device, uint8_t status)
{
    device->common[STATUS] = status;
}

static uint16_t modern_queue_size(const struct virtio *device, uint16_t wanted)
{
    write16(device->common, QUEUE_SELECT, 0);
    uint16_t size = read16(device->common, QUEUE_SIZE_REGISTER);
    if (size <= wanted)
        return size;
    write16(device->common, QUEUE_SIZE_REGISTER, wanted);
    return wanted;
}

static void modern_set_queue(const struct virtio *device, const struct queue_memory *memory)
{
    write_address(device->common, QUEUE_DESCRIPTORS, memory->descriptors);
    write_address(device->common, QUEUE_AVAILABLE, memory->available);
    write_address(device->common, QUEUE_USED, memory->used);
    write16(device->common, QUEUE_ENABLE, 1);
}

static void modern_notify(const struct virtio *device)
{
    write16(device->common, QUEUE_SELECT, 0);
    write16(device->notify, read16(device->common, QUEUE_NOTIFY_OFFSET) * device->notify_multiplier, 0);
}

static uint8_t modern_config(const struct virtio *device, uint32_t offset)
{
    return device->config[offset];
}

static const struct transport modern = {
    "PCI",
    modern_features,
    modern_accept,
    modern_status,
    modern_set_status,
    modern_queue_size,
    modern_set_queue,
    modern_notify,
    modern_config,
};

static void read_capability(const struct pci_device *pci, uint8_t at, struct virtio *device)
{
    uint8_t kind = (uint8_t)(pci_read(pci, at) >> 24);
    uint8_t bar = (uint8_t)pci_read(pci, (uint8_t)(at + 4));
    uint64_t address = pci_memory(pci, bar);
    if (address == 0)
        return;
    volatile uint8_t *memory = map_device(address + pci_read(pci, (uint8_t)(at + 8)));
    if (kind == COMMON_CAPABILITY && device->common == NULL)
        device->common = memory;
    if (kind == DEVICE_CAPABILITY && device->config == NULL)
        device->config = memory;
    if (kind == NOTIFY_CAPABILITY && device->notify == NULL) {
        device->notify = memory;
        device->notify_multiplier = pci_read(pci, (uint8_t)(at + 16));
    }
}

static bool find_modern(const struct pci_device *pci, struct virtio *device)
{
    uint8_t at = (uint8_t)pci_read(pci, CAPABILITIES) & 0xfc;
    for (unsigned i = 0; at != 0 && i < 48; i++) {
        uint32_t header = pci_read(pci, at);
        if ((header & 0xff) == VENDOR_CAPABILITY)
            read_capability(pci, at, device);
        at = (uint8_t)(header >> 8) & 0xfc;
    }
    device->transport = &modern;
    return device->common != NULL && device->notify != NULL && device->config != NULL;
}

static uint32_t type_of(uint16_t id)
{
    switch (id) {
    case LEGACY_NET:
        return 1;
    case LEGACY_BLOCK:
        return 2;
    case LEGACY_9P:
        return 9;
    default:
        return id >= MODERN_FIRST ? id - (uint32_t)MODERN_FIRST : 0;
    }
}

bool virtio_find_pci(const struct pci_device *pci, struct virtio *device)
{
    *device = (struct virtio){0};
    if (pci->vendor != VENDOR || pci->device < LEGACY_FIRST || pci->device > MODERN_LAST)
        return false;
    device->type = type_of(pci->device);
    pci_enable(pci);
    device->port = pci_io_port(pci);
    device->legacy = device->port != 0;
    device->transport = &legacy;
    return device->legacy || find_modern(pci, device);
}
