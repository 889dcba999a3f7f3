/* Text that others wrote: decoding it, and showing it to people. */
#ifndef FORMATS_BASE_TEXT_H
#define FORMATS_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Decodes one UTF-8 character (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF) of a text
 * that ends with NUL. Returns its length in bytes, 1 to 4, or 0 where the bytes are not UTF-8; a NUL is a
 * character.
 */
size_t text_decode(const char *text, uint32_t *character);

/* True if all of the text is UTF-8. */
bool text_is_utf8(const char *text);

/*
 * The text in one line that is safe on a terminal and in a log; the caller frees it. Control characters (C0,
 * DEL and the C1 controls, which terminals take as CSI and OSC), bytes that are not UTF-8, line and paragraph
 * separators and the characters that change the direction of writing become `\xNN`, byte by byte. A text that
 * is safe stays as it is, so nothing changes when it is done twice.
 */
char *text_printable(const char *text);

/* Writes the printable text and a newline, and flushes: in step with what others write to the same terminal
 * or log. */
void text_print_line(FILE *stream, const char *text);

/* The first `max` bytes of a text, or fewer so that no UTF-8 character is cut; a shorter text is its own. */
size_t text_head(const char *text, size_t max);

/*
 * The text, at most `max` bytes (16 at the least) of it: a longer one has "..." in place of its middle, for
 * what is wrong often stands at the end and with what at the beginning. No UTF-8 character is cut. The caller
 * frees it.
 */
char *text_shorten(const char *text, size_t length, size_t max);

/* The text in double quotes for a message: of one that is longer than 64 bytes the head, with its length in
 * bytes. The caller frees it. */
char *text_quote(const char *text);

#endif
