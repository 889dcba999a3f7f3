/* Prints a newc archive (Linux, driver-api/early-userspace/buffer-format.rst): one line an entry. */
#include "common/print.h"

#include <stdbool.h>

enum {
    HEADER_SIZE = 110,
    FIELD_MODE = 1,
    FIELD_SIZE = 6,
    FIELD_NAME_SIZE = 11,
    TYPE_MASK = 0170000,
    TYPE_DIRECTORY = 0040000,
    SHOWN_BYTES = 64,
};

static bool read_field(const uint8_t *header, unsigned index, uint32_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < 8; i++) {
        uint8_t c = header[6 + index * 8 + i];
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (c | 0x20) - 'a' + 10u;
        else
            return false;
        *value = *value << 4 | digit;
    }
    return true;
}

static bool is_newc(const uint8_t *header)
{
    static const char magic[] = "07070";
    for (unsigned i = 0; i < 5; i++)
        if (header[i] != magic[i])
            return false;
    return header[5] == '1' || header[5] == '2';
}

/* Bytes that are not printable ASCII show as dots, so an entry stays one line. */
static void print_content(const uint8_t *content, size_t size)
{
    for (size_t i = 0; i < size && i < SHOWN_BYTES; i++) {
        char c = content[i] >= 0x20 && content[i] < 0x7f ? (char)content[i] : '.';
        console_write(&c, 1);
    }
}

/* "./etc/motd", "/etc/motd" and "etc/motd" are one; a directory ends with a slash. */
static void print_name(const char *name, bool directory)
{
    if (name[0] == '.' && (name[1] == '/' || name[1] == '\0'))
        name++;
    while (*name == '/')
        name++;
    print("initrd: /%s%s", name, directory && *name != '\0' ? "/" : "");
}

static bool is_trailer(const char *name)
{
    static const char trailer[] = "TRAILER!!!";
    for (unsigned i = 0; i < sizeof trailer; i++)
        if (name[i] != trailer[i])
            return false;
    return true;
}

void initrd_print(const uint8_t *archive, size_t size)
{
    unsigned count = 0;
    size_t at = 0;
    while (size - at >= HEADER_SIZE && is_newc(archive + at)) {
        uint32_t mode, content_size, name_size;
        const uint8_t *header = archive + at;
        if (!read_field(header, FIELD_MODE, &mode) || !read_field(header, FIELD_SIZE, &content_size) ||
            !read_field(header, FIELD_NAME_SIZE, &name_size))
            break;
        size_t content = (at + HEADER_SIZE + name_size + 3) & ~(size_t)3;
        if (name_size == 0 || name_size > 4096 || content > size || content_size > size - content)
            break;
        const char *name = (const char *)header + HEADER_SIZE;
        if (name[name_size - 1] != '\0')
            break;
        if (is_trailer(name)) {
            print("initrd: %u entries, %u bytes\n", count, (uint32_t)size);
            return;
        }
        print_name(name, (mode & TYPE_MASK) == TYPE_DIRECTORY);
        print(" %u: ", content_size);
        print_content(archive + content, content_size);
        print("\n");
        count++;
        at = (content + content_size + 3) & ~(size_t)3;
        if (at > size)
            break;
    }
    print("initrd: broken at byte %u of %u\n", (uint32_t)at, (uint32_t)size);
}
