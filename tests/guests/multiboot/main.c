/* A multiboot kernel that prints what it was given and ends as it is told. README.md says what its lines
 * mean. */
#include "x86/x86.h"

enum {
    LOADER_MAGIC = 0x2BADB002,
    HAS_MEMORY = 1 << 0,
    HAS_COMMAND_LINE = 1 << 2,
    HAS_MODULES = 1 << 3,
};

/* Multiboot 0.6.96, section 3.3; only the start of it. */
struct multiboot {
    uint32_t flags;
    uint32_t memory_lower; /* KiB */
    uint32_t memory_upper; /* KiB, from 1 MiB */
    uint32_t boot_device;
    uint32_t command_line;
    uint32_t module_count;
    uint32_t modules;
};

struct module {
    uint32_t start;
    uint32_t end;
    uint32_t text;
    uint32_t reserved;
};

/* There is no paging. */
volatile uint8_t *map_device(uint64_t address)
{
    return (volatile uint8_t *)(uintptr_t)address;
}

void guest_main(uint32_t magic, const struct multiboot *information);

void guest_main(uint32_t magic, const struct multiboot *information)
{
    console_start();
    if (magic != LOADER_MAGIC) {
        print("error: not started by a multiboot loader (magic %x)\n", magic);
        end("hang");
    }
    /* QEMU puts the kernel's file name before what -append says. */
    const char *command_line = "";
    if (information->flags & HAS_COMMAND_LINE)
        command_line = (const char *)(uintptr_t)information->command_line;
    print("cmdline: %s\n", command_line);
    if (information->flags & HAS_MEMORY)
        print("memory: %u KiB\n", information->memory_upper + 1024);
    const struct module *modules = (const struct module *)(uintptr_t)information->modules;
    for (uint32_t i = 0; information->flags & HAS_MODULES && i < information->module_count; i++)
        initrd_print((const uint8_t *)(uintptr_t)modules[i].start, modules[i].end - modules[i].start);
    virtio_print_pci(command_line);
    end(command_line);
}
