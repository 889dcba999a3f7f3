/* Solo5's spt: a few system calls that the tender's seccomp filter lets through (include/spt_abi.h). A
 * Rumprun unikernel's devices. */
#include "guest.h"
#include "note.h"

enum {
    TARGET_SPT = 2,
    ABI_VERSION = 2,
    SYSTEM_WRITE = 1,
    SYSTEM_PREAD = 17,
    SYSTEM_EXIT_GROUP = 231,
    STANDARD_OUTPUT = 1,
};

struct boot_info {
    uint64_t memory;
    uint64_t kernel_end;
    const char *command_line;
    const struct manifest *manifest;
    int32_t epoll_descriptor;
    int32_t timer_descriptor;
};

DECLARE_INTERPRETER;
DECLARE_ABI(TARGET_SPT, ABI_VERSION);
DECLARE_MANIFEST("tap", "rootfs");

static long system_call(long number, long a, const void *b, size_t c, long d)
{
    long result;
    register long fourth __asm__("r10") = d;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
}

void target_write(const char *bytes, size_t length)
{
    system_call(SYSTEM_WRITE, STANDARD_OUTPUT, bytes, length, 0);
}

/* The filter lets exactly one block through at a time. */
bool target_read(const struct manifest *manifest, uint32_t index, void *to, size_t length)
{
    const struct device *device = &manifest->devices[index];
    size_t block = device->block.block_size;
    for (size_t at = 0; at + block <= length; at += block)
        if (system_call(SYSTEM_PREAD, device->descriptor, (char *)to + at, block, (long)at) != (long)block)
            return false;
    return true;
}

_Noreturn void target_exit(int status)
{
    for (;;)
        system_call(SYSTEM_EXIT_GROUP, status, NULL, 0, 0);
}

_Noreturn void target_start(const struct boot_info *info);

_Noreturn void target_start(const struct boot_info *info)
{
    guest_main(info->memory, info->command_line, info->manifest);
}
