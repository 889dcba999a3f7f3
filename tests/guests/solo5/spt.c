/* Solo5's spt: a few system calls that the tender's seccomp filter lets through (include/spt_abi.h). A
 * Rumprun unikernel's devices. */
#include "common/print.h"
#include "guest.h"
#include "note.h"

enum {
    TARGET_SPT = 2,
    ABI_VERSION = 2,
    SYSTEM_READ = 0,
    SYSTEM_WRITE = 1,
    SYSTEM_PREAD = 17,
    SYSTEM_PWRITE = 18,
    SYSTEM_EXIT_GROUP = 231,
    SYSTEM_EPOLL_PWAIT = 281,
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

static int32_t epoll_descriptor;

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

void console_write(const char *bytes, size_t length)
{
    system_call(SYSTEM_WRITE, STANDARD_OUTPUT, bytes, length, 0);
}

/* The filter lets exactly one block through at a time. */
bool target_read_block(const struct manifest *manifest, uint32_t index, uint64_t offset, void *to)
{
    const struct device *device = &manifest->devices[index];
    size_t size = device->block.block_size;
    return system_call(SYSTEM_PREAD, device->descriptor, to, size, (long)offset) == (long)size;
}

bool target_write_block(const struct manifest *manifest, uint32_t index, uint64_t offset, const void *from)
{
    const struct device *device = &manifest->devices[index];
    size_t size = device->block.block_size;
    return system_call(SYSTEM_PWRITE, device->descriptor, from, size, (long)offset) == (long)size;
}

/* epoll_pwait(2) without a limit and without a mask. */
static void wait_for_event(void)
{
    struct {
        uint32_t events;
        uint64_t data;
    } __attribute__((packed)) event;
    long result;
    register long timeout __asm__("r10") = -1;
    register long mask __asm__("r8") = 0;
    register long mask_size __asm__("r9") = 0;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYSTEM_EPOLL_PWAIT), "D"((long)epoll_descriptor), "S"(&event), "d"(1L),
                       "r"(timeout), "r"(mask), "r"(mask_size)
                     : "rcx", "r11", "memory");
}

long target_receive(const struct manifest *manifest, uint32_t index, void *to, size_t size)
{
    long got;
    while ((got = system_call(SYSTEM_READ, manifest->devices[index].descriptor, to, size, 0)) <= 0)
        wait_for_event();
    return got;
}

bool target_send(const struct manifest *manifest, uint32_t index, const void *from, size_t length)
{
    return system_call(SYSTEM_WRITE, manifest->devices[index].descriptor, from, length, 0) == (long)length;
}

_Noreturn void target_exit(int status)
{
    for (;;)
        system_call(SYSTEM_EXIT_GROUP, status, NULL, 0, 0);
}

_Noreturn void target_start(const struct boot_info *info);

_Noreturn void target_start(const struct boot_info *info)
{
    epoll_descriptor = info->epoll_descriptor;
    guest_main(info->memory, info->command_line, info->manifest);
}
