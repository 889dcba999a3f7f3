/* A virtio device, however it is reached: the four transports differ in where registers are. */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include "x86/x86.h"

enum { QUEUE_SIZE = 8 };

/* Of a split queue of QUEUE_SIZE (or what a legacy device dictates): where its three parts are. */
struct queue_memory {
    uint8_t *descriptors;
    uint8_t *available;
    uint8_t *used;
};

struct transport;

struct virtio {
    const struct transport *transport;
    uint32_t type;            /* 1: network, 2: block (virtio 1.2, section 5) */
    uint16_t port;            /* legacy PCI */
    volatile uint8_t *common; /* modern PCI: the common configuration; MMIO: the registers */
    volatile uint8_t *notify;
    uint32_t notify_multiplier;
    volatile uint8_t *config;
    bool legacy;
};

struct transport {
    const char *name;
    uint32_t (*features)(const struct virtio *device, uint32_t word);
    void (*accept)(const struct virtio *device, uint32_t word, uint32_t features);
    uint8_t (*status)(const struct virtio *device);
    void (*set_status)(const struct virtio *device, uint8_t status);
    /* The size of queue 0; at most `wanted` where the device lets the driver choose. */
    uint16_t (*queue_size)(const struct virtio *device, uint16_t wanted);
    void (*set_queue)(const struct virtio *device, const struct queue_memory *memory);
    void (*notify)(const struct virtio *device);
    uint8_t (*config)(const struct virtio *device, uint32_t offset);
};

/* ---- queue.c: requests on queue 0, one at a time, polled ---- */

struct descriptor;
struct available;
struct used;

struct queue {
    const struct virtio *device;
    uint16_t size;
    volatile struct descriptor *descriptors;
    volatile struct available *available;
    volatile struct used *used;
};

/* A stretch of memory that the device reads, or writes. */
struct part {
    const void *memory;
    uint32_t length;
    bool written; /* by the device */
};

/* Accepts of the features' first word what is offered of `accepted` and returns what is offered; false where
 * the device refuses. */
bool virtio_negotiate(const struct virtio *device, uint32_t accepted, uint32_t *offered);
/* Negotiates and starts the device with its queue 0. There is one queue at a time: queue_stop before the
 * next. */
bool queue_start(const struct virtio *device, uint32_t accepted, struct queue *queue, uint32_t *offered);
/* One request of up to QUEUE_SIZE parts; false where the device does not answer. */
bool queue_request(const struct queue *queue, const struct part *parts, unsigned count);
void queue_stop(const struct queue *queue);

/* share.c: of a 9p device. The words are "read=PATH" and "write". */
void share_print(const struct virtio *device, unsigned index, const char *command_line);

/* transport_pci.c: fills in a device of PCI; false where it is not virtio or cannot be reached. */
bool virtio_find_pci(const struct pci_device *pci, struct virtio *device);
/* transport_mmio.c: likewise of a transport at that address. */
bool virtio_find_mmio(uint64_t address, struct virtio *device);

static inline uint32_t read32(volatile uint8_t *base, uint32_t offset)
{
    return *(volatile uint32_t *)(base + offset);
}

static inline void write32(volatile uint8_t *base, uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(base + offset) = value;
}

static inline void write16(volatile uint8_t *base, uint32_t offset, uint16_t value)
{
    *(volatile uint16_t *)(base + offset) = value;
}

static inline uint16_t read16(volatile uint8_t *base, uint32_t offset)
{
    return *(volatile uint16_t *)(base + offset);
}

static inline void write_address(volatile uint8_t *base, uint32_t offset, const void *address)
{
    write32(base, offset, (uint32_t)(uintptr_t)address);
    write32(base, offset + 4, (uint32_t)((uint64_t)(uintptr_t)address >> 32));
}

#endif
