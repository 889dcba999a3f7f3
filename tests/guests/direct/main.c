/* A kernel that prints what it was given and ends as it is told. README.md says what its lines mean. */
#include "direct/direct.h"

enum {
    MICROVM_TRANSPORTS = 0xfeb00000,
    MICROVM_STRIDE = 512,
    MICROVM_COUNT = 24,
};

/* "0xc0001000" */
static uint64_t read_address(const char *text)
{
    uint64_t value = 0;
    if (text[0] == '0' && text[1] == 'x')
        text += 2;
    for (;; text++) {
        if (*text >= '0' && *text <= '9')
            value = value << 4 | (uint64_t)(*text - '0');
        else if (*text >= 'a' && *text <= 'f')
            value = value << 4 | (uint64_t)(*text - 'a' + 10);
        else
            return value;
    }
}

/* MMIO transports that the command line names ("virtio_mmio.device=4K@0xc0001000:5"), else those that QEMU's
 * microvm has. */
static void print_mmio(const char *command_line)
{
    static const char key[] = "virtio_mmio.device=";
    const char *word = find_word(command_line, key);
    if (word == NULL) {
        for (unsigned i = 0; i < MICROVM_COUNT; i++)
            if (!virtio_print_mmio(MICROVM_TRANSPORTS + i * (uint64_t)MICROVM_STRIDE, command_line))
                return;
        return;
    }
    for (; word != NULL; word = find_word(word, key)) {
        while (*word != '@' && *word != ' ' && *word != '\0')
            word++;
        if (*word == '@')
            virtio_print_mmio(read_address(word + 1), command_line);
        while (*word != ' ' && *word != '\0')
            word++;
    }
}

_Noreturn void guest_main(const void *given, uint32_t by_pvh);

_Noreturn void guest_main(const void *given, uint32_t by_pvh)
{
    struct boot_information information = {0};
    console_start();
    print("protocol: %s\n", by_pvh ? "PVH" : "Linux");
    if (by_pvh ? !pvh_read(given, &information) : !linux_read(given, &information)) {
        print("error: what the loader handed over is something else\n");
        end("hang");
    }
    const char *command_line = information.command_line != NULL ? information.command_line : "";
    print("cmdline: %s\n", command_line);
    print("memory: %u KiB\n", (uint32_t)(information.memory_end / 1024));
    if (information.initrd_size > 0)
        initrd_print(information.initrd, information.initrd_size);
    virtio_print_pci(command_line);
    print_mmio(command_line);
    end(command_line);
}
