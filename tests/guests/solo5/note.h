/*
 * The two ELF notes that make a file a Solo5 unikernel: ABI1 (include/elf_abi.h) and MFT1
 * (include/mft_abi.h).
 *
 * A descriptor starts with the padding that aligns its structure within the whole note, so MFT1's starts with
 * four bytes of nothing: a note's header with its name has 20 bytes and the manifest is aligned to 8.
 */
#ifndef NOTE_H
#define NOTE_H

#include "guest.h"

struct note_header {
    uint32_t name_size;
    uint32_t descriptor_size;
    uint32_t type;
    char name[8];
};

struct abi_note {
    struct note_header header;
    uint32_t target;
    uint32_t version;
    uint32_t reserved[2];
};

struct manifest_note {
    struct note_header header;
    uint32_t version __attribute__((aligned(8)));
    uint32_t count;
    struct device devices[3];
};

_Static_assert(sizeof(struct device) == 104 && offsetof(struct manifest_note, devices) == 32,
               "Solo5's layout");

#define NOTE_HEADER(note, note_type)                                                                         \
    {                                                                                                        \
        .name_size = sizeof "Solo5", .descriptor_size = sizeof(struct note) - sizeof(struct note_header),    \
        .type = (note_type), .name = "Solo5",                                                                \
    }

/* Solo5's way to keep the host's kernel from running a unikernel as a program: an interpreter that cannot
 * exist. */
#define DECLARE_INTERPRETER                                                                                  \
    const char interpreter[] __attribute__((section(".interp"), used)) = "/nonexistent/solo5/"

#define DECLARE_ABI(abi_target, abi_version)                                                                 \
    const struct abi_note abi_note __attribute__((section(".note.solo5.abi"), aligned(4), used)) = {         \
        .header = NOTE_HEADER(abi_note, 0x31494241), .target = (abi_target), .version = (abi_version)}

#define DECLARE_MANIFEST(net_name, block_name)                                                               \
    const struct manifest_note manifest_note                                                                 \
        __attribute__((section(".note.solo5.manifest"), aligned(8), used)) = {                               \
            .header = NOTE_HEADER(manifest_note, 0x3154464d),                                                \
            .version = 1,                                                                                    \
            .count = 3,                                                                                      \
            .devices = {                                                                                     \
                {.type = DEVICE_RESERVED},                                                                   \
                {.name = net_name, .type = DEVICE_NET},                                                      \
                {.name = block_name, .type = DEVICE_BLOCK},                                                  \
            }}

#endif
