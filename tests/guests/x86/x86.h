/* What the guests for PCs share, 32-bit and 64-bit ones: physical addresses are addresses. */
#ifndef X86_H
#define X86_H

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

/* Calls `visit` for each function 0 on bus 0; none where there is no PCI. */
void pci_scan(void (*visit)(const struct pci_device *device, const void *context), const void *context);
uint32_t pci_read(const struct pci_device *device, uint8_t offset);
/* The I/O port of BAR 0, 0 where that is not an I/O port. */
uint16_t pci_io_port(const struct pci_device *device);
/* The address of a memory BAR, 0 where it is not one. */
uint64_t pci_memory(const struct pci_device *device, uint8_t bar);
/* Switches on I/O, memory and bus mastering. */
void pci_enable(const struct pci_device *device);

/* The words that all of them obey. */

/* Returns the text behind `key`, where that starts a word of `text`, or NULL. */
const char *find_word(const char *text, const char *key);
uint32_t read_number(const char *text);
/* Says and does what the words "hang" and "exit=N" ask for. */
_Noreturn void end(const char *command_line);
/* How the machine goes off; returns where it cannot. */
void power_off(void);

/* virtio.c: what is printed of all virtio devices, on PCI and at the guest's MMIO addresses. */

/* A guest's own: makes device memory reachable and returns where. */
volatile uint8_t *map_device(uint64_t address);

void virtio_print_pci(const char *command_line);
/* Of one MMIO transport; false where there is none at that address. */
bool virtio_print_mmio(uint64_t address, const char *command_line);

#endif
