/* PCI configuration space through ports 0xcf8 and 0xcfc (PCI 3.0, section 3.2.2.3.2). */
#include "x86/x86.h"

enum {
    CONFIG_ADDRESS = 0xcf8,
    CONFIG_DATA = 0xcfc,
    COMMAND = 0x04,
    COMMAND_IO = 1 << 0,
    COMMAND_MEMORY = 1 << 1,
    COMMAND_MASTER = 1 << 2,
    BAR0 = 0x10,
    BAR_TYPE = 3 << 1,
    BAR_64_BIT = 2 << 1,
    SLOTS = 32,
};

static void select_register(const struct pci_device *device, uint8_t offset)
{
    out32(CONFIG_ADDRESS,
          0x80000000u | (uint32_t)device->bus << 16 | (uint32_t)device->slot << 11 | (offset & 0xfcu));
}

uint32_t pci_read(const struct pci_device *device, uint8_t offset)
{
    select_register(device, offset);
    return in32(CONFIG_DATA);
}

void pci_scan(void (*visit)(const struct pci_device *device, const void *context), const void *context)
{
    for (uint8_t slot = 0; slot < SLOTS; slot++) {
        struct pci_device device = {.slot = slot};
        uint32_t id = pci_read(&device, 0);
        if ((id & 0xffff) == 0xffff)
            continue;
        device.vendor = (uint16_t)id;
        device.device = (uint16_t)(id >> 16);
        visit(&device, context);
    }
}

uint16_t pci_io_port(const struct pci_device *device)
{
    uint32_t bar = pci_read(device, BAR0);
    return bar & 1 ? (uint16_t)(bar & 0xfffc) : 0;
}

uint64_t pci_memory(const struct pci_device *device, uint8_t bar)
{
    uint8_t offset = (uint8_t)(BAR0 + 4 * bar);
    uint32_t low = pci_read(device, offset);
    if (low & 1)
        return 0;
    uint64_t high = (low & BAR_TYPE) == BAR_64_BIT ? pci_read(device, (uint8_t)(offset + 4)) : 0;
    return high << 32 | (low & 0xfffffff0u);
}

void pci_enable(const struct pci_device *device)
{
    uint32_t command = pci_read(device, COMMAND);
    select_register(device, COMMAND);
    out32(CONFIG_DATA, (command & 0xffff) | COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER);
}
