/* A multiboot kernel that prints what it was given and ends as it is told. README.md says what its lines
 * mean. */
#include "guest.h"

enum {
    LOADER_MAGIC = 0x2BADB002,
    HAS_MEMORY = 1 << 0,
    HAS_COMMAND_LINE = 1 << 2,
    HAS_MODULES = 1 << 3,
    EXIT_PORT = 0x501,
    VIRTIO = 0x1af4,
    VIRTIO_NET_LEGACY = 0x1000,
    VIRTIO_BLOCK_LEGACY = 0x1001,
    VIRTIO_NET = 0x1041,
    VIRTIO_BLOCK = 0x1042,
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

struct found {
    unsigned disks;
    unsigned nics;
};

static void print_device(const struct pci_device *device, void *context)
{
    struct found *found = context;
    if (device->vendor != VIRTIO)
        return;
    if (device->device == VIRTIO_BLOCK_LEGACY || device->device == VIRTIO_BLOCK)
        virtio_print_disk(device, found->disks++);
    else if (device->device == VIRTIO_NET_LEGACY || device->device == VIRTIO_NET)
        virtio_print_nic(device, found->nics++);
}

/* Returns the text behind `key`, where that starts a word of `text`, or NULL. */
static const char *find_word(const char *text, const char *key)
{
    for (bool start = true; *text != '\0'; start = *text == ' ', text++) {
        size_t i = 0;
        while (start && key[i] != '\0' && text[i] == key[i])
            i++;
        if (start && key[i] == '\0')
            return text + i;
    }
    return NULL;
}

static uint32_t read_number(const char *text)
{
    uint32_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint32_t)(*text - '0');
    return value;
}

/* Unikraft powers off through ACPI; these are the ports of q35 and pc, whose PM base SeaBIOS sets. */
static void power_off(void)
{
    out16(0x604, 0x2000);
    out16(0xb004, 0x2000);
}

static _Noreturn void stop(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

void guest_main(uint32_t magic, const struct multiboot *information);

void guest_main(uint32_t magic, const struct multiboot *information)
{
    console_start();
    if (magic != LOADER_MAGIC) {
        print("error: not started by a multiboot loader (magic %x)\n", magic);
        stop();
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
    struct found found = {0};
    pci_scan(print_device, &found);

    if (find_word(command_line, "hang") != NULL) {
        print("hang\n");
        stop();
    }
    const char *status = find_word(command_line, "exit=");
    uint32_t code = status != NULL ? read_number(status) : 0;
    print("exit: %u\n", code);
    if (code != 0)
        out16(EXIT_PORT, (uint16_t)code);
    power_off();
    stop();
}
