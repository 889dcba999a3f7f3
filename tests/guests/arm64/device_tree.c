/* A flattened device tree: properties of /chosen, /memory and the PL011, found by name at any depth. */
#include "guest.h"

enum {
    MAGIC = 0xd00dfeed,
    STRUCTURE_OFFSET = 8, /* of the field in the header */
    STRINGS_OFFSET = 12,
    TOKEN_BEGIN = 1,
    TOKEN_END_NODE = 2,
    TOKEN_PROPERTY = 3,
    TOKEN_NOP = 4,
};

static uint32_t be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint64_t be64(const uint8_t *bytes)
{
    return (uint64_t)be32(bytes) << 32 | be32(bytes + 4);
}

static bool starts_with(const char *text, const char *start)
{
    while (*start != '\0')
        if (*text++ != *start++)
            return false;
    return true;
}

static bool equals(const char *a, const char *b)
{
    return starts_with(a, b) && starts_with(b, a);
}

static size_t padded(size_t length)
{
    return (length + 3) & ~(size_t)3;
}

static size_t length_of(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

/* Numbers of /chosen have 4 or 8 bytes. */
static uint64_t read_number(const uint8_t *value, uint32_t length)
{
    return length == 8 ? be64(value) : be32(value);
}

static void take_property(const char *node, const char *name, const uint8_t *value, uint32_t length,
                          struct boot_information *information)
{
    bool chosen = equals(node, "chosen");
    if (chosen && equals(name, "bootargs"))
        information->command_line = (const char *)value;
    else if (chosen && equals(name, "linux,initrd-start"))
        information->initrd_start = read_number(value, length);
    else if (chosen && equals(name, "linux,initrd-end"))
        information->initrd_end = read_number(value, length);
    else if (starts_with(node, "memory") && equals(name, "reg"))
        information->memory = be64(value + 8);
    else if (starts_with(node, "pl011") && equals(name, "reg"))
        information->console = be64(value);
}

bool device_tree_read(const uint8_t *tree, struct boot_information *information)
{
    *information = (struct boot_information){.command_line = ""};
    if (be32(tree) != MAGIC)
        return false;
    const uint8_t *at = tree + be32(tree + STRUCTURE_OFFSET);
    const char *strings = (const char *)tree + be32(tree + STRINGS_OFFSET);
    const char *node = "";
    for (;;) {
        uint32_t token = be32(at);
        at += 4;
        if (token == TOKEN_BEGIN) {
            node = (const char *)at;
            at += padded(length_of(node) + 1);
        } else if (token == TOKEN_PROPERTY) {
            uint32_t length = be32(at);
            take_property(node, strings + be32(at + 4), at + 8, length, information);
            at += 8 + padded(length);
        } else if (token != TOKEN_END_NODE && token != TOKEN_NOP) {
            return true;
        }
    }
}
