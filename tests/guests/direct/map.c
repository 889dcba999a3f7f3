/* Device memory above 4 GiB: Cloud Hypervisor puts PCI's there. */
#include "direct/direct.h"

enum { ENTRIES = 512, TABLES = 16, PRESENT = 1, WRITABLE = 2, UNCACHED = 1 << 4, LARGE = 1 << 7 };
#define ADDRESS_BITS UINT64_C(0x000ffffffffff000)

extern uint64_t page_map[ENTRIES];

/* The table that an entry of another one leads to, made where it is missing. */
static uint64_t *descend(uint64_t *entry)
{
    static uint64_t tables[TABLES][ENTRIES] __attribute__((aligned(4096)));
    static unsigned used;
    if (*entry == 0 && used < TABLES)
        *entry = (uintptr_t)tables[used++] | PRESENT | WRITABLE;
    return (uint64_t *)(uintptr_t)(*entry & ADDRESS_BITS);
}

volatile uint8_t *map_device(uint64_t address)
{
    uint64_t *pointers = descend(&page_map[address >> 39 & 511]);
    if (pointers != NULL) {
        uint64_t *directory = descend(&pointers[address >> 30 & 511]);
        uint64_t *entry = directory != NULL ? &directory[address >> 21 & 511] : NULL;
        if (entry != NULL && *entry == 0)
            *entry = (address & ~UINT64_C(0x1fffff)) | PRESENT | WRITABLE | UNCACHED | LARGE;
    }
    return (volatile uint8_t *)(uintptr_t)address;
}
