/* The parts of the multiboot test guest. 32-bit, no paging, physical addresses. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/print.h"

/* Port I/O. */
static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint16_t in16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* console.c: COM1. */
void console_start(void);

/* pci.c */
struct pci_device {
    uint8_t bus;
    uint8_t slot;
    uint16_t vendor;
    uint16_t device;
};

/* Calls `visit` for each function 0 on bus 0. */
void pci_scan(void (*visit)(const struct pci_device *device, void *context), void *context);
uint32_t pci_read(const struct pci_device *device, uint8_t offset);
/* The I/O port of BAR 0, bus mastering and I/O switched on; 0 where BAR 0 is not an I/O port. */
uint16_t pci_io_port(const struct pci_device *device);

/* virtio.c: legacy (0.9.5) virtio over PCI. */
void virtio_print_disk(const struct pci_device *device, unsigned index);
void virtio_print_nic(const struct pci_device *device, unsigned index);

#endif
