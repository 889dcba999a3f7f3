/* The parts of the Solo5 test guests: one main, two targets. Structures follow Solo5's include/mft_abi.h. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAME_SIZE = 68 };

enum device_type {
    DEVICE_BLOCK = 1,
    DEVICE_NET = 2,
    DEVICE_RESERVED = 1 << 30, /* the first entry is always one of these */
};

struct device {
    char name[NAME_SIZE];
    uint32_t type;
    union {
        struct {
            uint64_t capacity; /* bytes */
            uint16_t block_size;
        } block;
        struct {
            uint8_t mac[6];
            uint16_t mtu;
        } net;
    };
    union {
        int32_t descriptor; /* of the tender, spt only */
        uint64_t reserved;
    };
    bool attached;
};

/* The manifest in the guest: what the note holds, with the tender's answers filled in. */
struct manifest {
    uint32_t version;
    uint32_t count;
    struct device devices[];
};

/* One target: hvt.c or spt.c, which has the console, too. Devices are told by their index in the manifest. */
/* One block of a block device; `offset` is in bytes. */
bool target_read_block(const struct manifest *manifest, uint32_t index, uint64_t offset, void *to);
bool target_write_block(const struct manifest *manifest, uint32_t index, uint64_t offset, const void *from);
/* Waits for a frame; its bytes, or -1. */
long target_receive(const struct manifest *manifest, uint32_t index, void *to, size_t size);
bool target_send(const struct manifest *manifest, uint32_t index, const void *from, size_t length);
_Noreturn void target_exit(int status);

/* main.c: prints what the guest was given and ends as the command line says. */
_Noreturn void guest_main(uint64_t memory, const char *command_line, const struct manifest *manifest);
/* Behind the last occurrence of the key in the text; NULL where it has none. */
const char *find_last(const char *text, const char *key);

/* disk.c: writes every block of the device, reads all of them again, and prints how many bytes went each way.
 */
void fill_disk(const struct manifest *manifest, uint32_t index);

/* net.c: answers ARP and so many echo requests at the address, "10.0.0.2...", and prints how many bytes they
 * had. */
void answer_echoes(const struct manifest *manifest, uint32_t index, const char *address, unsigned count);

#endif
