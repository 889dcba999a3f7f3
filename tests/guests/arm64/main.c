/* An arm64 Image that prints what it was given and powers off. README.md says what its lines mean. */
#include "guest.h"

enum { MEBIBYTE = 1 << 20 };

/* PSCI's SYSTEM_OFF (ARM DEN 0022), by the call that QEMU's machine without firmware takes. */
static _Noreturn void power_off(void)
{
    register uint64_t function __asm__("x0") = 0x84000008;
    __asm__ volatile("hvc #0" : : "r"(function) : "memory");
    for (;;)
        __asm__ volatile("wfi");
}

_Noreturn void guest_main(const uint8_t *tree);

_Noreturn void guest_main(const uint8_t *tree)
{
    struct boot_information information;
    if (device_tree_read(tree, &information)) {
        console_start(information.console);
        print("cmdline: %s\n", information.command_line);
        print("memory: %u MiB\n", (uint32_t)(information.memory / MEBIBYTE));
        if (information.initrd_end > information.initrd_start)
            initrd_print((const uint8_t *)information.initrd_start,
                         (size_t)(information.initrd_end - information.initrd_start));
        print("off\n");
    }
    power_off();
}
