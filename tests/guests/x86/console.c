/* COM1. */
#include "x86/x86.h"

enum {
    COM1 = 0x3f8,
    LINE_CONTROL = COM1 + 3,
    LINE_STATUS = COM1 + 5,
    DIVISOR_LATCH = 0x80,
    EIGHT_BITS = 0x03,
    TRANSMITTER_EMPTY = 0x20,
};

void console_start(void)
{
    out8(COM1 + 1, 0); /* no interrupts */
    out8(LINE_CONTROL, DIVISOR_LATCH);
    out8(COM1, 1); /* 115200 baud */
    out8(COM1 + 1, 0);
    out8(LINE_CONTROL, EIGHT_BITS);
    out8(COM1 + 2, 0x07); /* FIFOs on and empty */
}

void console_write(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        while (!(in8(LINE_STATUS) & TRANSMITTER_EMPTY))
            ;
        out8(COM1, (uint8_t)bytes[i]);
    }
}
