/* struct hvm_start_info (Xen, xen/include/public/arch-x86/hvm/start_info.h). */
#include "direct/direct.h"

enum { START_MAGIC = 0x336ec578, MEMORY_USABLE = 1 };

struct start_info {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t module_count;
    uint64_t modules;
    uint64_t command_line;
    uint64_t rsdp;
    uint64_t memory_map; /* from version 1 on */
    uint32_t memory_map_entries;
    uint32_t reserved;
};

struct module {
    uint64_t address;
    uint64_t size;
    uint64_t command_line;
    uint64_t reserved;
};

struct memory_entry {
    uint64_t address;
    uint64_t size;
    uint32_t type;
    uint32_t reserved;
};

bool pvh_read(const void *address, struct boot_information *information)
{
    const struct start_info *start = address;
    if (start->magic != START_MAGIC)
        return false;
    information->command_line = (const char *)(uintptr_t)start->command_line;
    if (start->module_count > 0) {
        const struct module *module = (const struct module *)(uintptr_t)start->modules;
        information->initrd = (const uint8_t *)(uintptr_t)module->address;
        information->initrd_size = module->size;
    }
    const struct memory_entry *entries = (const struct memory_entry *)(uintptr_t)start->memory_map;
    for (uint32_t i = 0; start->version >= 1 && i < start->memory_map_entries; i++)
        if (entries[i].type == MEMORY_USABLE && entries[i].address <= (uintptr_t)pvh_read &&
            entries[i].address + entries[i].size > (uintptr_t)pvh_read)
            information->memory_end = entries[i].address + entries[i].size;
    return true;
}
