/* The parts of the arm64 test guest. 64-bit, MMU off, so every access must be aligned. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/print.h"

/* device_tree.c: what the boot loader left (Devicetree specification 0.4, chapter 5). */
struct boot_information {
    const char *command_line; /* "" where there is none */
    uint64_t memory;          /* bytes */
    uint64_t initrd_start;
    uint64_t initrd_end;
    uint64_t console; /* address of the PL011; 0: none */
};

/* False: it is not a device tree. */
bool device_tree_read(const uint8_t *tree, struct boot_information *information);

/* console.c: a PL011 at that address. */
void console_start(uint64_t address);

#endif
