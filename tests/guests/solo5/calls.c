/*
 * An spt unikernel that does what its command line says, allowed or not: README.md lists the words.
 *
 * Stands apart from main.c: it tests the tender, not what stands on it, so it uses nothing but the ABI.
 */
#include "common/print.h"
#include "guest.h"
#include "note.h"

enum { TARGET_SPT = 2, ABI_VERSION = 2, ARGUMENTS = 6 };
#ifdef __x86_64__
enum { SYSTEM_WRITE = 1, SYSTEM_EXIT_GROUP = 231 };
#else
enum { SYSTEM_WRITE = 64, SYSTEM_EXIT_GROUP = 94 };
#endif

struct boot_info {
    uint64_t memory;
    uint64_t kernel_end;
    const char *command_line;
    const struct manifest *manifest;
    int32_t epoll_descriptor;
    int32_t timer_descriptor;
};

struct devices_note {
    struct note_header header;
    uint32_t version __attribute__((aligned(8)));
    uint32_t count;
    struct device devices[1 + DEVICES];
};

DECLARE_INTERPRETER;
DECLARE_ABI(TARGET_SPT, ABI_VERSION);
const struct devices_note devices_note __attribute__((section(".note.solo5.manifest"), aligned(8), used)) = {
    .header = NOTE_HEADER(devices_note, 0x3154464d),
    .version = 1,
    .count = 1 + DEVICES,
    .devices =
        {
            {.type = DEVICE_RESERVED},
#if DEVICES > 0
            {.name = "net", .type = DEVICE_NET},
            {.name = "disk", .type = DEVICE_BLOCK},
            {.name = "other", .type = DEVICE_BLOCK},
#endif
        },
};

static const char constant[] = "constant";
static char buffer[65536] __attribute__((aligned(4096)));
static uint64_t timer_setting[4] = {0, 0, 0, 1}; /* one nanosecond from the start of the host: at once */
uint64_t registers_at_entry;                     /* all but the argument's and the entry's, or-ed */
uint64_t stack_at_entry;

#ifdef __x86_64__
static long system_call(long number, const uint64_t *a)
{
    long result;
    register uint64_t fourth __asm__("r10") = a[3];
    register uint64_t fifth __asm__("r8") = a[4];
    register uint64_t sixth __asm__("r9") = a[5];
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return result;
}
#else
static long system_call(long number, const uint64_t *a)
{
    register long call __asm__("x8") = number;
    register uint64_t first __asm__("x0") = a[0];
    register uint64_t second __asm__("x1") = a[1];
    register uint64_t third __asm__("x2") = a[2];
    register uint64_t fourth __asm__("x3") = a[3];
    register uint64_t fifth __asm__("x4") = a[4];
    register uint64_t sixth __asm__("x5") = a[5];
    __asm__ volatile("svc 0"
                     : "+r"(first)
                     : "r"(call), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "memory");
    return (long)first;
}
#endif

void console_write(const char *bytes, size_t length)
{
    system_call(SYSTEM_WRITE, (uint64_t[ARGUMENTS]){1, (uint64_t)bytes, length});
}

static _Noreturn void end(uint64_t status)
{
    for (;;)
        system_call(SYSTEM_EXIT_GROUP, (uint64_t[ARGUMENTS]){status});
}

/* The word up to a colon or a blank matches; moves on behind it. */
static bool takes(const char **text, const char *word)
{
    size_t length = 0;
    while (word[length] != '\0' && (*text)[length] == word[length])
        length++;
    char next = (*text)[length];
    if (word[length] != '\0' || (next != ':' && next != ' ' && next != '\0'))
        return false;
    *text += length;
    return true;
}

static uint64_t take_digits(const char **text)
{
    uint64_t value = 0;
    for (; **text >= '0' && **text <= '9'; (*text)++)
        value = value * 10 + (uint64_t)(**text - '0');
    return value;
}

/* The value of a word behind a colon: a number, or one of the guest's own; 0 where there is none. */
static uint64_t take_value(const struct boot_info *info, const char **text)
{
    if (**text != ':')
        return 0;
    (*text)++;
    const struct {
        const char *name;
        uint64_t value;
    } names[] = {
        {"epoll", (uint64_t)info->epoll_descriptor},
        {"timer", (uint64_t)info->timer_descriptor},
#if DEVICES > 0
        {"net", (uint64_t)info->manifest->devices[1].descriptor},
        {"disk", (uint64_t)info->manifest->devices[2].descriptor},
        {"other", (uint64_t)info->manifest->devices[3].descriptor},
#endif
        {"constant", (uint64_t)constant},
        {"buffer", (uint64_t)buffer},
        {"at-once", (uint64_t)timer_setting},
        {"code", (uint64_t)system_call},
        {"stack", (uint64_t)__builtin_frame_address(0)},
        {"end", info->memory},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (takes(text, names[i].name))
            return names[i].value;
    return take_digits(text);
}

static void print_info(const struct boot_info *info)
{
    print("memory %u end %u stack %u registers %u\n", (unsigned)info->memory, (unsigned)info->kernel_end,
          (unsigned)(info->memory - stack_at_entry), registers_at_entry != 0);
    for (uint32_t i = 0; i < info->manifest->count; i++) {
        const struct device *device = &info->manifest->devices[i];
        print("%u: %s type %u attached %u", i, device->name, device->type & 0xff, device->attached);
        if (device->type == DEVICE_BLOCK)
            print(" bytes %u blocks %u", (unsigned)device->block.capacity, device->block.block_size);
        if (device->type == DEVICE_NET) {
            print(" mtu %u mac", device->net.mtu);
            for (size_t byte = 0; byte < sizeof device->net.mac; byte++)
                print(" %02x", device->net.mac[byte]);
        }
        print("\n");
    }
}

static void call(const struct boot_info *info, const char **text)
{
    uint64_t arguments[ARGUMENTS];
    uint64_t number = take_value(info, text);
    for (size_t i = 0; i < ARGUMENTS; i++)
        arguments[i] = take_value(info, text);
    long result = system_call((long)number, arguments);
    print("call %u: %s%u\n", (unsigned)number, result < 0 ? "-" : "",
          (unsigned)(result < 0 ? -result : result));
}

static void show(const struct boot_info *info, const char **text)
{
    const char *bytes = (const char *)take_value(info, text);
    console_write(bytes, take_value(info, text));
}

/* What the guest may do to its memory shows by what becomes of it. */
static void touch(const struct boot_info *info, const char **text)
{
    if (takes(text, "load"))
        print("load: %u\n", *(volatile uint8_t *)take_value(info, text));
    else if (takes(text, "store"))
        *(volatile uint8_t *)take_value(info, text) = 1;
    else if (takes(text, "jump"))
        ((void (*)(void))take_value(info, text))();
#ifdef __x86_64__
    else if (takes(text, "thread"))
        print("thread: %u\n", *(volatile uint8_t __seg_fs *)0);
    else if (takes(text, "spin"))
        __asm__ volatile("xor %esp, %esp\n0: jmp 0b");
    else if (takes(text, "int80"))
        __asm__ volatile("int $0x80" : : "a"(4), "b"(1), "c"(constant), "d"(8) : "memory");
#endif
    else if (takes(text, "show"))
        show(info, text);
}

_Noreturn void calls_main(const struct boot_info *info);

_Noreturn void calls_main(const struct boot_info *info)
{
    for (const char *text = info->command_line; *text != '\0';) {
        if (takes(&text, "cmdline"))
            print("%s\n", info->command_line);
        else if (takes(&text, "info"))
            print_info(info);
        else if (takes(&text, "call"))
            call(info, &text);
        else if (takes(&text, "exit"))
            end(take_value(info, &text));
        else
            touch(info, &text);
        while (*text != '\0' && *text++ != ' ')
            ;
    }
    end(0);
}

/* Before anything is changed: what the tender left in the registers. */
#ifdef __x86_64__
__asm__(".section .text.start, \"ax\"\n"
        ".globl start\n"
        "start:\n"
        "or %rbx, %rcx\n"
        "or %rdx, %rcx\n"
        "or %rsi, %rcx\n"
        "or %rbp, %rcx\n"
        "or %r8, %rcx\n"
        "or %r9, %rcx\n"
        "or %r10, %rcx\n"
        "or %r11, %rcx\n"
        "or %r12, %rcx\n"
        "or %r13, %rcx\n"
        "or %r14, %rcx\n"
        "or %r15, %rcx\n"
        "mov %rcx, registers_at_entry\n"
        "mov %rsp, stack_at_entry\n"
        "and $-16, %rsp\n"
        "call calls_main\n"
        ".text\n");
#else
__asm__(".section .text.start, \"ax\"\n"
        ".globl start\n"
        "start: bl calls_main\n"
        ".text\n");
#endif
