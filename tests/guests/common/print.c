/* A small printf onto the console. */
#include "common/print.h"

#include <stdarg.h>

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
