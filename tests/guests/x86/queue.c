/* A split queue of a virtio device (virtio 1.2, section 2.7). */
#include "x86/transport.h"

enum {
    /* device status */
    ACKNOWLEDGE = 1,
    DRIVER = 2,
    DRIVER_OK = 4,
    FEATURES_OK = 8,
    VERSION_1 = 1 << 0, /* of the features' second word */
    /* descriptor flags */
    DESCRIPTOR_NEXT = 1,
    DESCRIPTOR_WRITE = 2,

    PAGE = 4096,
    QUEUE_MAX = 256, /* a legacy device dictates the size */
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

/* A legacy device wants its three parts one behind the other, the last one on a page of its own. */
static struct queue_memory lay_out(uint16_t size)
{
    static uint8_t memory[4 * PAGE] __attribute__((aligned(PAGE)));
    __builtin_memset(memory, 0, sizeof memory);
    size_t available = size * sizeof(struct descriptor);
    size_t used = (available + sizeof(struct available) + 2u * size + PAGE - 1) & ~(PAGE - 1u);
    return (struct queue_memory){memory, memory + available, memory + used};
}

bool virtio_negotiate(const struct virtio *device, uint32_t accepted, uint32_t *offered)
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

bool queue_start(const struct virtio *device, uint32_t accepted, struct queue *queue, uint32_t *offered)
{
    const struct transport *transport = device->transport;
    *queue = (struct queue){.device = device};
    if (!virtio_negotiate(device, accepted, offered))
        return false;
    queue->size = transport->queue_size(device, QUEUE_SIZE);
    if (queue->size == 0 || queue->size > QUEUE_MAX)
        return false;
    struct queue_memory memory = lay_out(queue->size);
    queue->descriptors = (volatile struct descriptor *)memory.descriptors;
    queue->available = (volatile struct available *)memory.available;
    queue->used = (volatile struct used *)memory.used;
    transport->set_queue(device, &memory);
    transport->set_status(device, (uint8_t)(transport->status(device) | DRIVER_OK));
    return true;
}

bool queue_request(const struct queue *queue, const struct part *parts, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        volatile struct descriptor *descriptor = &queue->descriptors[i];
        descriptor->address = (uintptr_t)parts[i].memory;
        descriptor->length = parts[i].length;
        descriptor->flags =
            (uint16_t)((i + 1 < count ? DESCRIPTOR_NEXT : 0) | (parts[i].written ? DESCRIPTOR_WRITE : 0));
        descriptor->next = (uint16_t)(i + 1);
    }
    uint16_t before = queue->used->index;
    queue->available->ring[queue->available->index % queue->size] = 0;
    __sync_synchronize();
    queue->available->index++;
    __sync_synchronize();
    queue->device->transport->notify(queue->device);
    for (unsigned i = 0; i < POLLS && queue->used->index == before; i++)
        __asm__ volatile("pause" : : : "memory");
    __asm__ volatile("" : : : "memory");
    return queue->used->index != before;
}

void queue_stop(const struct queue *queue)
{
    queue->device->transport->set_status(queue->device, 0);
}
