/* Solo5's hvt: hypercalls through I/O ports (include/hvt_abi.h). A MirageOS unikernel's devices. */
#include "guest.h"
#include "note.h"

enum {
    TARGET_HVT = 1,
    ABI_VERSION = 2,
    HYPERCALL_BASE = 0x500,
    HYPERCALL_PUTS = 2,
    HYPERCALL_BLOCK_READ = 5,
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

struct block_read {
    uint64_t index;
    uint64_t offset;
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

void target_write(const char *bytes, size_t length)
{
    struct puts puts = {.data = bytes, .length = length};
    hypercall(HYPERCALL_PUTS, &puts);
}

bool target_read(const struct manifest *manifest, uint32_t index, void *to, size_t length)
{
    (void)manifest;
    struct block_read read = {.index = index, .data = to, .length = length, .result = -1};
    hypercall(HYPERCALL_BLOCK_READ, &read);
    return read.result == 0 && read.length == length;
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
