/* PCI configuration space through ports 0xcf8 and 0xcfc (PCI 3.0, section 3.2.2.3.2). */
#include "guest.h"

enum {
    CONFIG_ADDRESS = 0xcf8,
    CONFIG_DATA = 0xcfc,
    COMMAND = 0x04,
    COMMAND_IO = 1 << 0,
    COMMAND_MASTER = 1 << 2,
    BAR0 = 0x10,
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

void pci_scan(void (*visit)(const struct pci_device *device, void *context), void *context)
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
    if (!(bar & 1))
        return 0;
    uint32_t command = pci_read(device, COMMAND);
    select_register(device, COMMAND);
    out32(CONFIG_DATA, (command & 0xffff) | COMMAND_IO | COMMAND_MASTER);
    return (uint16_t)(bar & 0xfffc);
}
