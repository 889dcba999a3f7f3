#include "runtime/monitors/spt/enter.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>

#include "runtime/monitors/spt/abi.h"
#ifdef __x86_64__
#include <asm/prctl.h>
#endif

/* Runs amid the guest, whose thread pointer is no libc's: no canary, no sanitizer, no library. */
#define AMID_THE_GUEST __attribute__((no_stack_protector, no_sanitize("address"), no_sanitize("undefined")))

#ifdef __x86_64__

AMID_THE_GUEST static void end(int signal)
{
    for (;;)
        __asm__ volatile("syscall" : : "a"(SYS_exit_group), "D"(128 + signal) : "rcx", "r11", "memory");
}

/* The stack is as behind a call: 8 below a multiple of 16 (System V ABI, AMD64 supplement, 3.4.1). */
AMID_THE_GUEST static void jump(uint64_t memory, uint64_t entry)
{
    __asm__ volatile("mov %[stack], %%rsp\n"
                     "mov %[entry], %%rbx\n"
                     "mov %[arch_prctl], %%eax\n"
                     "mov %[set_fs], %%edi\n"
                     "xor %%esi, %%esi\n"
                     "syscall\n"
                     "mov %%rbx, %%rax\n"
                     "mov %[boot_info], %%edi\n"
                     "xor %%ebx, %%ebx\n"
                     "xor %%ecx, %%ecx\n"
                     "xor %%edx, %%edx\n"
                     "xor %%ebp, %%ebp\n"
                     "xor %%r8d, %%r8d\n"
                     "xor %%r9d, %%r9d\n"
                     "xor %%r10d, %%r10d\n"
                     "xor %%r11d, %%r11d\n"
                     "xor %%r12d, %%r12d\n"
                     "xor %%r13d, %%r13d\n"
                     "xor %%r14d, %%r14d\n"
                     "xor %%r15d, %%r15d\n"
                     "jmp *%%rax\n"
                     :
                     : [stack] "c"(memory - 8), [entry] "d"(entry), [arch_prctl] "i"(SYS_arch_prctl),
                       [set_fs] "i"(ARCH_SET_FS), [boot_info] "i"(SPT_BOOT_INFO)
                     : "memory");
    __builtin_unreachable();
}

#else /* aarch64 */

AMID_THE_GUEST static void end(int signal)
{
    register long number __asm__("x8") = SYS_exit_group;
    register long status __asm__("x0") = 128 + signal;
    for (;;)
        __asm__ volatile("svc 0" : : "r"(number), "r"(status) : "memory");
}

/* The stack pointer is a multiple of 16 (Procedure Call Standard for the Arm 64-bit Architecture, 6.4.5). */
AMID_THE_GUEST static void jump(uint64_t memory, uint64_t entry)
{
    register uint64_t stack __asm__("x1") = memory - 16;
    register uint64_t start __asm__("x16") = entry;
    register uint64_t boot_info __asm__("x0") = SPT_BOOT_INFO;
    __asm__ volatile("mov sp, x1\n"
                     "msr tpidr_el0, xzr\n"
                     "mov x1, xzr\n"
                     "mov x2, xzr\n"
                     "mov x3, xzr\n"
                     "mov x29, xzr\n"
                     "mov x30, xzr\n"
                     "br x16\n"
                     :
                     : "r"(stack), "r"(start), "r"(boot_info)
                     : "memory");
    __builtin_unreachable();
}

#endif

/* A caller of a function that does not return has instructions of the sanitizer before the call, with system
 * calls of their own: hence no such function. */
AMID_THE_GUEST int spt_enter(const struct sock_fprog *filter, uint64_t memory, uint64_t entry,
                             struct error *error)
{
    if (spt_filter_install(filter, error) < 0)
        return -1;
    jump(memory, entry);
    return 0; /* never */
}

static int end_by_signal(int number, struct error *error)
{
    struct sigaction action;
    if (sigaction(number, NULL, &action) < 0)
        return error_errno(error, errno, "sigaction");
    if (action.sa_handler == SIG_IGN)
        return 0;
    action = (struct sigaction){.sa_handler = end, .sa_flags = SA_ONSTACK};
    if (sigaction(number, &action, NULL) < 0)
        return error_errno(error, errno, "sigaction");
    return 0;
}

int spt_end_by_signals(struct error *error)
{
    static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    static char stack[64 * 1024]; /* more than MINSIGSTKSZ is with any extension of the processor */
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigset_t none;
    sigemptyset(&none);
    if (sigaltstack(&alternate, NULL) < 0)
        return error_errno(error, errno, "sigaltstack");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (end_by_signal(numbers[i], error) < 0)
            return -1;
    return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? error_errno(error, errno, "sigprocmask") : 0;
}
