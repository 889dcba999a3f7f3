/* An spt unikernel that works its one device, for benchmarks: its command line is a word and how many times.
 */
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
    FRAME = 1514,
    ADDRESS = 6,
};

struct boot_info {
    uint64_t memory;
    uint64_t kernel_end;
    const char *command_line;
    const struct manifest *manifest;
    int32_t epoll_descriptor;
    int32_t timer_descriptor;
};

struct work_note {
    struct note_header header;
    uint32_t version __attribute__((aligned(8)));
    uint32_t count;
    struct device devices[DEVICE == 0 ? 1 : 2];
};

DECLARE_INTERPRETER;
DECLARE_ABI(TARGET_SPT, ABI_VERSION);
const struct work_note work_note __attribute__((section(".note.solo5.manifest"), aligned(8), used)) = {
    .header = NOTE_HEADER(work_note, 0x3154464d),
    .version = 1,
    .count = DEVICE == 0 ? 1 : 2,
    .devices =
        {
            {.type = DEVICE_RESERVED},
#if DEVICE != 0
            {.name = "device", .type = DEVICE},
#endif
        },
};

static uint8_t buffer[65536] __attribute__((aligned(4096)));

static long system_call(long number, long a, const void *b, size_t c, long d)
{
    long result;
    register long fourth __asm__("r10") = d;
    register long fifth __asm__("r8") = 0;
    register long sixth __asm__("r9") = 8;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return result;
}

static _Noreturn void end(int status)
{
    for (;;)
        system_call(SYSTEM_EXIT_GROUP, status, NULL, 0, 0);
}

/* Block by block, from the start again at the end. */
static void move_blocks(const struct device *disk, long call, uint64_t count)
{
    size_t block = disk->block.block_size;
    uint64_t blocks = disk->block.capacity / block;
    for (uint64_t i = 0; i < count; i++)
        if (system_call(call, disk->descriptor, buffer, block, (long)(i % blocks * block)) != (long)block)
            end(2);
}

static void send_frames(const struct device *net, uint64_t count)
{
    for (uint64_t i = 0; i < ADDRESS; i++)
        buffer[i] = 0xff;
    buffer[ADDRESS] = 2;
    for (uint64_t i = 0; i < count; i++)
        if (system_call(SYSTEM_WRITE, net->descriptor, buffer, FRAME, 0) != FRAME)
            end(2);
}

/* Sends each frame of the benchmark's own type back to where it came from. */
static void echo_frames(const struct boot_info *info, const struct device *net, uint64_t count)
{
    static uint8_t events[64];
    while (count > 0) {
        long length = system_call(SYSTEM_READ, net->descriptor, buffer, sizeof buffer, 0);
        if (length < 0) {
            system_call(SYSTEM_EPOLL_PWAIT, info->epoll_descriptor, events, 2, -1);
            continue;
        }
        if (length < 14 || buffer[12] != 0x88 || buffer[13] != 0xb5)
            continue;
        for (size_t i = 0; i < ADDRESS; i++) {
            uint8_t byte = buffer[i];
            buffer[i] = buffer[ADDRESS + i];
            buffer[ADDRESS + i] = byte;
        }
        system_call(SYSTEM_WRITE, net->descriptor, buffer, (size_t)length, 0);
        count--;
    }
}

_Noreturn void target_start(const struct boot_info *info);

_Noreturn void target_start(const struct boot_info *info)
{
    const struct device *device = &info->manifest->devices[1];
    const char *text = info->command_line;
    uint64_t count = 0;
    char what = *text;
    while (*text != '\0' && (*text < '0' || *text > '9'))
        text++;
    for (; *text >= '0' && *text <= '9'; text++)
        count = count * 10 + (uint64_t)(*text - '0');
    if (what == 'r')
        move_blocks(device, SYSTEM_PREAD, count);
    else if (what == 'w')
        move_blocks(device, SYSTEM_PWRITE, count);
    else if (what == 's')
        send_frames(device, count);
    else if (what == 'e')
        echo_frames(info, device, count);
    else if (what == 'p') /* pauses, in milliseconds */
        system_call(SYSTEM_EPOLL_PWAIT, info->epoll_descriptor, buffer, 1, (long)count);
    end(0);
}
