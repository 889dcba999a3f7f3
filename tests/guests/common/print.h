/* Of all guests that print: what a guest has (its console), and what they share. */
#ifndef COMMON_PRINT_H
#define COMMON_PRINT_H

#include <stddef.h>
#include <stdint.h>

/* The guest's own: where text goes. */
void console_write(const char *bytes, size_t length);

/* print.c: a printf of %s %.*s %c %u %x with zero-padded widths. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* initrd.c: prints the entries of a newc archive. */
void initrd_print(const uint8_t *archive, size_t size);

#endif
