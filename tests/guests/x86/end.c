/* How a guest ends: as its command line says. */
#include "x86/x86.h"

enum { TURNS = 2000000 }; /* between two numbers */

enum {
    EXIT_PORT = 0x501,
    PM1_CONTROL_Q35 = 0x604, /* where the firmware puts it */
    PM1_CONTROL_PC = 0xb004,
    SLEEP_ENABLED = 1 << 13,
    CLOUD_HYPERVISOR_SLEEP = 0x600, /* a sleep control register of ACPI 5, as in its DSDT */
    MICROVM_SLEEP = 0xfea00200,     /* likewise of QEMU's microvm */
    MICROVM_TRANSPORTS = 0xfeb00000,
    SLEEP_NOW = 5 << 2 | 1 << 5,
    VIRTIO_MAGIC = 0x74726976,
    KEYBOARD_COMMAND = 0x64,
    KEYBOARD_RESET = 0xfe,
};

const char *find_word(const char *text, const char *key)
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

uint32_t read_number(const char *text)
{
    uint32_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint32_t)(*text - '0');
    return value;
}

/* Each does nothing on the others' machines; the reset comes last, because Cloud Hypervisor would start
 * again. */
void power_off(void)
{
    out16(PM1_CONTROL_Q35, SLEEP_ENABLED);
    out16(PM1_CONTROL_PC, SLEEP_ENABLED);
    out8(CLOUD_HYPERVISOR_SLEEP, SLEEP_NOW);
    if (*(volatile uint32_t *)map_device(MICROVM_TRANSPORTS) == VIRTIO_MAGIC)
        *map_device(MICROVM_SLEEP) = SLEEP_NOW;
    out8(KEYBOARD_COMMAND, KEYBOARD_RESET);
}

static _Noreturn void stop(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

static _Noreturn void count(void)
{
    for (uint32_t number = 1;; number++) {
        print("count: %u\n", number);
        for (volatile uint32_t turns = 0; turns < TURNS; turns++)
            ;
    }
}

_Noreturn void end(const char *command_line)
{
    if (find_word(command_line, "hang") != NULL) {
        print("hang\n");
        stop();
    }
    if (find_word(command_line, "count") != NULL)
        count();
    const char *status = find_word(command_line, "exit=");
    uint32_t code = status != NULL ? read_number(status) : 0;
    print("exit: %u\n", code);
    if (code != 0)
        out16(EXIT_PORT, (uint16_t)code);
    power_off();
    stop();
}
