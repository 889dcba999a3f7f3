/* COM1, and a small printf onto it. */
#include "guest.h"

#include <stdarg.h>

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

static void print_number(uint32_t value, uint32_t base, unsigned width)
{
    char digits[12];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0 || sizeof digits - at < width);
    console_write(digits + at, sizeof digits - at);
}

static void print_string(const char *text, int precision)
{
    size_t length = 0;
    while ((precision < 0 || length < (size_t)precision) && text[length] != '\0')
        length++;
    console_write(text, length);
}

void print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            console_write(format, 1);
            continue;
        }
        unsigned width = 0;
        int precision = -1;
        format++;
        if (format[0] == '.' && format[1] == '*') {
            precision = va_arg(arguments, int);
            format += 2;
        }
        for (; *format >= '0' && *format <= '9'; format++)
            width = width * 10 + (unsigned)(*format - '0');
        if (*format == 's') {
            print_string(va_arg(arguments, const char *), precision);
        } else if (*format == 'c') {
            char c = (char)va_arg(arguments, int);
            console_write(&c, 1);
        } else if (*format == 'u') {
            print_number(va_arg(arguments, uint32_t), 10, width);
        } else if (*format == 'x') {
            print_number(va_arg(arguments, uint32_t), 16, width);
        } else {
            console_write(format, 1);
        }
    }
    va_end(arguments);
}
