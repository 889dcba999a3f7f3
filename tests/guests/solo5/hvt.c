/* Solo5's hvt: hypercalls through I/O ports (include/hvt_abi.h). A MirageOS unikernel's devices. */
#include "common/print.h"
#include "guest.h"
#include "note.h"

enum {
    TARGET_HVT = 1,
    ABI_VERSION = 2,
    HYPERCALL_BASE = 0x500,
    HYPERCALL_PUTS = 2,
    HYPERCALL_POLL = 3,
    HYPERCALL_BLOCK_WRITE = 4,
    HYPERCALL_BLOCK_READ = 5,
    HYPERCALL_NET_WRITE = 6,
    HYPERCALL_NET_READ = 7,
    HYPERCALL_HALT = 8,
};

struct boot_info {
    uint64_t memory;
    uint64_t kernel_end;
    uint64_t cycle_frequency;
    const char *command_line;
    const struct manifest *manifest;
};

struct puts {
    const char *data;
    size_t length;
};

struct poll {
    uint64_t timeout; /* nanoseconds */
    uint64_t ready;
    int result;
};

struct block_transfer {
    uint64_t index;
    uint64_t offset;
    void *data;
    size_t length;
    int result;
};

struct net_transfer {
    uint64_t index;
    void *data;
    size_t length;
    int result;
};

struct halt {
    void *cookie;
    int status;
};

DECLARE_INTERPRETER;
DECLARE_ABI(TARGET_HVT, ABI_VERSION);
DECLARE_MANIFEST("service", "storage");

/* The argument's address has 32 bits: the stack lies in the guest's memory, which is less. */
static void hypercall(uint16_t number, volatile void *argument)
{
    __asm__ volatile("outl %0, %1"
                     :
                     : "a"((uint32_t)(uintptr_t)argument), "d"((uint16_t)(HYPERCALL_BASE + number))
                     : "memory");
}

void console_write(const char *bytes, size_t length)
{
    struct puts puts = {.data = bytes, .length = length};
    hypercall(HYPERCALL_PUTS, &puts);
}

static bool transfer_block(uint16_t number, const struct manifest *manifest, uint32_t index, uint64_t offset,
                           void *data)
{
    size_t size = manifest->devices[index].block.block_size;
    struct block_transfer block = {
        .index = index, .offset = offset, .data = data, .length = size, .result = -1};
    hypercall(number, &block);
    return block.result == 0 && block.length == size;
}

bool target_read_block(const struct manifest *manifest, uint32_t index, uint64_t offset, void *to)
{
    return transfer_block(HYPERCALL_BLOCK_READ, manifest, index, offset, to);
}

bool target_write_block(const struct manifest *manifest, uint32_t index, uint64_t offset, const void *from)
{
    return transfer_block(HYPERCALL_BLOCK_WRITE, manifest, index, offset, (void *)from);
}

long target_receive(const struct manifest *manifest, uint32_t index, void *to, size_t size)
{
    (void)manifest;
    for (;;) {
        struct net_transfer net = {.index = index, .data = to, .length = size, .result = -1};
        hypercall(HYPERCALL_NET_READ, &net);
        if (net.result == 0)
            return (long)net.length;
        struct poll poll = {.timeout = UINT64_C(1000000000)};
        hypercall(HYPERCALL_POLL, &poll);
    }
}

bool target_send(const struct manifest *manifest, uint32_t index, const void *from, size_t length)
{
    (void)manifest;
    struct net_transfer net = {.index = index, .data = (void *)from, .length = length, .result = -1};
    hypercall(HYPERCALL_NET_WRITE, &net);
    return net.result == 0;
}

_Noreturn void target_exit(int status)
{
    struct halt halt = {.status = status};
    for (;;)
        hypercall(HYPERCALL_HALT, &halt);
}

_Noreturn void target_start(const struct boot_info *info);

_Noreturn void target_start(const struct boot_info *info)
{
    guest_main(info->memory, info->command_line, info->manifest);
}
