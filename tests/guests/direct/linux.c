/* The zero page (Linux, x86/zero-page.rst and x86/boot.rst): at fixed offsets. */
#include "direct/direct.h"

enum {
    E820_COUNT = 0x1e8,
    HEADER_MAGIC = 0x202,
    INITRD_ADDRESS = 0x218,
    INITRD_SIZE = 0x21c,
    COMMAND_LINE = 0x228,
    E820_TABLE = 0x2d0,
    E820_MAX = 128,
    MAGIC = 0x53726448, /* "HdrS" */
    MEMORY_USABLE = 1,
};

struct e820_entry {
    uint64_t address;
    uint64_t size;
    uint32_t type;
} __attribute__((packed));

static uint32_t field(const uint8_t *page, unsigned offset)
{
    uint32_t value;
    __builtin_memcpy(&value, page + offset, sizeof value);
    return value;
}

bool linux_read(const void *address, struct boot_information *information)
{
    const uint8_t *page = address;
    if (field(page, HEADER_MAGIC) != MAGIC)
        return false;
    information->command_line = (const char *)(uintptr_t)field(page, COMMAND_LINE);
    information->initrd = (const uint8_t *)(uintptr_t)field(page, INITRD_ADDRESS);
    information->initrd_size = field(page, INITRD_SIZE);
    const struct e820_entry *entries = (const struct e820_entry *)(page + E820_TABLE);
    for (unsigned i = 0; i < page[E820_COUNT] && i < E820_MAX; i++)
        if (entries[i].type == MEMORY_USABLE && entries[i].address <= (uintptr_t)linux_read &&
            entries[i].address + entries[i].size > (uintptr_t)linux_read)
            information->memory_end = entries[i].address + entries[i].size;
    return true;
}
