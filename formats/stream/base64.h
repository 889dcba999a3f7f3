/* Base64 as RFC 4648 section 4 has it, strictly: padded, canonical, without line breaks. */
#ifndef FORMATS_STREAM_BASE64_H
#define FORMATS_STREAM_BASE64_H

#include <stddef.h>

/* Owned by the caller. */
char *base64_encode(const void *bytes, size_t length);

/* The bytes, with a NUL behind them that does not count; owned by the caller. NULL for anything that
 * base64_encode would not have written: other characters, wrong padding, bits set behind the last byte. */
char *base64_decode(const char *text, size_t *length);

#endif
