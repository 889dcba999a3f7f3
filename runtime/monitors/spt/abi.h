/* The spt ABI of Solo5, version 2, between the tender and its guest: include/spt_abi.h and include/mft_abi.h
 * of Solo5 give the numbers and layouts. */
#ifndef RUNTIME_MONITORS_SPT_ABI_H
#define RUNTIME_MONITORS_SPT_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/kernel/probe.h"

enum {
    SPT_ABI_VERSION = 2,
    SPT_MEMORY_BASE = 0x10000,  /* the guest's memory is mapped from here on; what lies below is not */
    SPT_BOOT_INFO = 0x11000,    /* address of struct spt_boot_info; manifest and command line follow */
    SPT_KERNEL_BASE = 0x100000, /* no segment of a kernel lies below */
    SPT_COMMAND_LINE_SIZE = SOLO5_COMMAND_LINE_MAX + 1, /* bytes, with the NUL at its end */
    SPT_MIN_BLOCK_SIZE = 512,                           /* bytes; a power of two */
    SPT_MAX_BLOCK_SIZE = 32768,                         /* the greatest that the manifest's field holds */
    SPT_MANIFEST_VERSION = 1,
    SPT_MANIFEST_BLOCK = 1, /* types of an entry */
    SPT_MANIFEST_NET = 2,
    SPT_MANIFEST_RESERVED = 1 << 30, /* the first entry's */
};

#define SPT_TIMER_EVENT 0xfffffffeU /* the timer's number among the events; a device has its entry's */

struct spt_boot_info {
    uint64_t memory; /* bytes */
    uint64_t kernel_end;
    uint64_t command_line; /* addresses */
    uint64_t manifest;
    int32_t epoll;
    int32_t timer;
};

struct spt_entry {
    char name[SOLO5_NAME_SIZE];
    uint32_t type;
    union {
        struct {
            uint64_t capacity; /* bytes */
            uint16_t block_size;
        } block;
        struct {
            uint8_t mac[6];
            uint16_t mtu;
        } net;
    };
    union {
        int32_t fd;
        uint64_t reserved;
    };
    bool attached;
};

/* Its first entry is a reserved one, so a device's number is never 0. */
struct spt_manifest {
    uint32_t version;
    uint32_t count;
    struct spt_entry entries[1 + SOLO5_MAX_DEVICES];
};

_Static_assert(sizeof(struct spt_boot_info) == 40, "layout of struct spt_boot_info");
_Static_assert(sizeof(struct spt_entry) == 104 && offsetof(struct spt_entry, fd) == 88, "of mft_entry");
_Static_assert(SPT_BOOT_INFO + sizeof(struct spt_boot_info) + sizeof(struct spt_manifest) +
                       SPT_COMMAND_LINE_SIZE <
                   SPT_KERNEL_BASE,
               "the boot information lies below the kernel");

#endif
