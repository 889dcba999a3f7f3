#include "formats/base/text.h"

#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

enum { QUOTE_MAX = 64 }; /* bytes */

size_t text_decode(const char *text, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* by length: less would be overlong */
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = bytes[0] < 0x80 ? 1 : bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    uint32_t value = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
    if ((bytes[0] & 0xc0) == 0x80 || bytes[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0; /* also at the NUL */
        value = value << 6 | (bytes[i] & 0x3f);
    }
    if (value < least[length] || (value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff)
        return 0;
    *character = value;
    return length;
}

bool text_is_utf8(const char *text)
{
    uint32_t character;
    while (*text != '\0') {
        size_t length = text_decode(text, &character);
        if (length == 0)
            return false;
        text += length;
    }
    return true;
}

/* Unicode's Bidi_Control (UAX #9) reorders what a reader sees; U+2028 and U+2029 break lines. */
static bool is_printable(uint32_t character)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {{0, 0x1f},        {0x7f, 0x9f},     {0x061c, 0x061c},
                  {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (character >= hidden[i].first && character <= hidden[i].last)
            return false;
    return true;
}

char *text_printable(const char *text)
{
    struct buffer out = {0};
    uint32_t character;
    while (*text != '\0') {
        size_t length = text_decode(text, &character);
        if (length > 0 && is_printable(character)) {
            buffer_add(&out, text, length);
            text += length;
            continue;
        }
        for (size_t left = length > 0 ? length : 1; left > 0; left--)
            buffer_format(&out, "\\x%02x", (unsigned char)*text++);
    }
    return buffer_take(&out);
}

void text_print_line(FILE *stream, const char *text)
{
    cleanup_free char *line = text_printable(text);
    fprintf(stream, "%s\n", line);
    fflush(stream);
}

static bool is_inside_character(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t text_head(const char *text, size_t max)
{
    size_t length = strnlen(text, max + 1);
    if (length <= max)
        return length;
    while (max > 0 && is_inside_character(text[max]))
        max--;
    return max;
}

char *text_shorten(const char *text, size_t length, size_t max)
{
    static const char gap[] = "...";
    if (length <= max)
        return xstrndup(text, length);
    size_t kept = max - (sizeof gap - 1);
    size_t head = text_head(text, kept * 2 / 3), tail = length - kept / 3;
    while (tail < length && is_inside_character(text[tail]))
        tail++;
    return xasprintf("%.*s%s%.*s", (int)head, text, gap, (int)(length - tail), text + tail);
}

char *text_quote(const char *text)
{
    size_t length = strlen(text);
    if (length <= QUOTE_MAX)
        return xasprintf("\"%s\"", text);
    return xasprintf("\"%.*s...\" (%zu bytes)", (int)text_head(text, QUOTE_MAX), text, length);
}
