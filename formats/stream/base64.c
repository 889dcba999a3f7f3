/* Base64, strictly. OpenSSL's decoder skips blanks and takes bits behind the end, so it cannot be asked what
 * is valid. */
#include "formats/stream/base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/memory.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *bytes, size_t length)
{
    const unsigned char *in = bytes;
    char *text = xcalloc(length / 3 + 2, 4); /* a group for what is left over, and room for the NUL */
    char *out = text;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)in[i] << 16;
        group |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)in[i + 2] : 0;
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
        *out++ = left > 2 ? alphabet[group & 63] : '=';
    }
    *out = '\0';
    return text;
}

static int digit(char c)
{
    const char *found = c != '\0' ? strchr(alphabet, c) : NULL;
    return found != NULL ? (int)(found - alphabet) : -1;
}

/* One group of four characters; how many bytes it holds, 0 where it is not valid. */
static size_t decode_group(const char *in, char *out)
{
    size_t digits = in[3] != '=' ? 4 : in[2] != '=' ? 3 : 2;
    uint32_t group = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < digits ? digit(in[i]) : 0;
        if (value < 0)
            return 0;
        group = group << 6 | (uint32_t)value;
    }
    size_t bytes = digits - 1;
    if ((group & (0xffffffu >> (8 * bytes))) != 0)
        return 0;
    for (size_t i = 0; i < bytes; i++)
        out[i] = (char)(group >> (16 - 8 * i) & 0xff);
    return bytes;
}

char *base64_decode(const char *text, size_t *length)
{
    size_t characters = strlen(text);
    if (characters % 4 != 0)
        return NULL;
    char *bytes = xcalloc(characters / 4 * 3 + 1, 1);
    size_t total = 0;
    for (size_t i = 0; i < characters; i += 4) {
        size_t got = decode_group(text + i, bytes + total);
        total += got;
        if (got == 0 || (got < 3 && i + 4 < characters)) {
            free(bytes);
            return NULL;
        }
    }
    bytes[total] = '\0';
    *length = total;
    return bytes;
}
