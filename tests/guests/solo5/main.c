/* A Solo5 unikernel that prints what it was given. README.md says what its lines mean. */
#include "guest.h"

enum { FIRST_SECTORS = 2048, EXT2_MAGIC_OFFSET = 1024 + 56 };

static void print(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    target_write(text, length);
}

static void print_number(uint64_t value, unsigned base, unsigned width)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0 || sizeof digits - at < width);
    target_write(digits + at, sizeof digits - at);
}

static void print_block(const struct manifest *manifest, uint32_t index)
{
    static uint8_t data[FIRST_SECTORS];
    const struct device *device = &manifest->devices[index];
    print("block ");
    print(device->name);
    print(": bytes ");
    print_number(device->block.capacity, 10, 1);
    if (device->block.capacity >= sizeof data && target_read(manifest, index, data, sizeof data)) {
        print(" magic ");
        print_number(data[EXT2_MAGIC_OFFSET], 16, 2);
        print_number(data[EXT2_MAGIC_OFFSET + 1], 16, 2);
    }
    print("\n");
}

static void print_net(const struct device *device)
{
    print("net ");
    print(device->name);
    print(": mac ");
    for (unsigned i = 0; i < 6; i++) {
        if (i > 0)
            print(":");
        print_number(device->net.mac[i], 16, 2);
    }
    print(" mtu ");
    print_number(device->net.mtu, 10, 1);
    print("\n");
}

/* The number behind the last "exit=" of the text, 0 where there is none. */
static int find_status(const char *text)
{
    static const char key[] = "exit=";
    int status = 0;
    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (key[i] != '\0' && text[i] == key[i])
            i++;
        if (key[i] != '\0')
            continue;
        status = 0;
        for (text += i; *text >= '0' && *text <= '9' && status < 1000; text++)
            status = status * 10 + (*text - '0');
        text--;
    }
    return status;
}

_Noreturn void guest_main(uint64_t memory, const char *command_line, const struct manifest *manifest)
{
    print("cmdline: ");
    print(command_line);
    print("\nmemory: ");
    print_number(memory / 1024, 10, 1);
    print(" KiB\n");
    for (uint32_t i = 0; i < manifest->count; i++) {
        const struct device *device = &manifest->devices[i];
        if (device->attached && device->type == DEVICE_NET)
            print_net(device);
        else if (device->attached && device->type == DEVICE_BLOCK)
            print_block(manifest, i);
    }
    int status = find_status(command_line);
    print("exit: ");
    print_number((uint64_t)status, 10, 1);
    print("\n");
    target_exit(status);
}
