/* A Solo5 unikernel that prints what it was given. README.md says what its lines mean. */
#include "common/print.h"
#include "guest.h"

enum { MAX_BLOCK = 4096, EXT2_MAGIC_OFFSET = 1024 + 56 };

static void print_block(const struct manifest *manifest, uint32_t index)
{
    static uint8_t data[MAX_BLOCK];
    const struct device *device = &manifest->devices[index];
    uint64_t size = device->block.block_size, block = EXT2_MAGIC_OFFSET / size;
    print("block %s: bytes %u", device->name, (uint32_t)device->block.capacity);
    if (size <= MAX_BLOCK && (block + 1) * size <= device->block.capacity &&
        target_read_block(manifest, index, block * size, data))
        print(" magic %02x%02x", data[EXT2_MAGIC_OFFSET % size], data[EXT2_MAGIC_OFFSET % size + 1]);
    print("\nblock %s: blocks of %u\n", device->name, (uint32_t)size);
}

static void print_net(const struct device *device)
{
    const uint8_t *mac = device->net.mac;
    print("net %s: mac %02x:%02x:%02x:%02x:%02x:%02x mtu %u\n", device->name, mac[0], mac[1], mac[2], mac[3],
          mac[4], mac[5], device->net.mtu);
}

const char *find_last(const char *text, const char *key)
{
    const char *found = NULL;
    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (key[i] != '\0' && text[i] == key[i])
            i++;
        if (key[i] == '\0')
            found = text + i;
    }
    return found;
}

/* The number behind the key, 0 where there is none. */
static unsigned find_number(const char *text, const char *key)
{
    unsigned number = 0;
    const char *digit = find_last(text, key);
    for (; digit != NULL && *digit >= '0' && *digit <= '9' && number < 100000; digit++)
        number = number * 10 + (unsigned)(*digit - '0');
    return number;
}

/* As MirageOS's command line has it, and as Rumprun's. */
static const char *find_address(const char *text)
{
    const char *address = find_last(text, "--ipv4=");
    return address != NULL ? address : find_last(text, "\"addr\":\"");
}

static void use_devices(const char *command_line, const struct manifest *manifest)
{
    const char *address = find_address(command_line);
    unsigned echoes = find_number(command_line, "answer=");
    for (uint32_t i = 0; i < manifest->count; i++) {
        const struct device *device = &manifest->devices[i];
        if (device->attached && device->type == DEVICE_BLOCK && find_last(command_line, "fill") != NULL)
            fill_disk(manifest, i);
        if (device->attached && device->type == DEVICE_NET && echoes > 0 && address != NULL)
            answer_echoes(manifest, i, address, echoes);
    }
}

_Noreturn void guest_main(uint64_t memory, const char *command_line, const struct manifest *manifest)
{
    print("cmdline: %s\nmemory: %u KiB\n", command_line, (uint32_t)(memory / 1024));
    for (uint32_t i = 0; i < manifest->count; i++) {
        const struct device *device = &manifest->devices[i];
        if (device->attached && device->type == DEVICE_NET)
            print_net(device);
        else if (device->attached && device->type == DEVICE_BLOCK)
            print_block(manifest, i);
    }
    use_devices(command_line, manifest);
    int status = (int)find_number(command_line, "exit=");
    print("exit: %u\n", (uint32_t)status);
    target_exit(status);
}
