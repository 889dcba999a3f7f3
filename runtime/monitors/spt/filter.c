#include "runtime/monitors/spt/filter.h"

#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#ifdef __x86_64__
#include <asm/prctl.h>
#endif

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"

/* Of the calls that move data. */
enum { FIRST = 255, SECOND = 254, THIRD = 253 };
enum { MAX_ARGUMENTS = 3, FILTER_SIZE_MAX = BPF_MAXINSNS * sizeof(struct sock_filter) };

/* A call that is let through where all of these arguments compare so. */
struct rule {
    int call;
    uint8_t priority; /* the kernel walks the filter at each call: the greatest come first */
    unsigned count;
    struct scmp_arg_cmp arguments[MAX_ARGUMENTS];
};

#define COMPARES(number, operator, value)                                                                    \
    {                                                                                                        \
        .arg = (number), .op = (operator), .datum_a = (scmp_datum_t)(value)                                  \
    }
#define EQUALS(number, value)  COMPARES(number, SCMP_CMP_EQ, value)
#define AT_MOST(number, value) COMPARES(number, SCMP_CMP_LE, value)

static int allow(scmp_filter_ctx context, const struct rule *rule, struct error *error)
{
    int result = seccomp_rule_add_array(context, SCMP_ACT_ALLOW, rule->call, rule->count, rule->arguments);
    /* For a call that has a rule only: libseccomp 2.5 would not load a call's number before it compares it.
     */
    if (result == 0 && rule->priority > 0)
        result = seccomp_syscall_priority(context, rule->call, rule->priority);
    if (result < 0)
        return error_errno(error, -result, "seccomp: system call %d", rule->call);
    return 0;
}

static int allow_common(scmp_filter_ctx context, const struct spt_boot_info *info, struct error *error)
{
    const struct rule rules[] = {
        {SCMP_SYS(write), SECOND, 1, {EQUALS(0, STDOUT_FILENO)}},
        {SCMP_SYS(epoll_pwait), THIRD, 2, {EQUALS(0, info->epoll), EQUALS(4, 0)}},
        {SCMP_SYS(timerfd_settime), 0, 1, {EQUALS(0, info->timer)}},
        {SCMP_SYS(clock_gettime), 0, 1, {EQUALS(0, CLOCK_MONOTONIC)}},
        {SCMP_SYS(clock_gettime), 0, 1, {EQUALS(0, CLOCK_REALTIME)}},
        {SCMP_SYS(exit_group), 0, 0, {{0}}},
#ifdef __x86_64__
        {SCMP_SYS(arch_prctl), 0, 1, {EQUALS(0, ARCH_SET_FS)}},
#endif
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (allow(context, &rules[i], error) < 0)
            return -1;
    return 0;
}

static int allow_net(scmp_filter_ctx context, const struct spt_entry *entry, struct error *error)
{
    const struct rule reading = {SCMP_SYS(read), SECOND, 1, {EQUALS(0, entry->fd)}};
    const struct rule writing = {SCMP_SYS(write), SECOND, 1, {EQUALS(0, entry->fd)}};
    return allow(context, &reading, error) < 0 ? -1 : allow(context, &writing, error);
}

/* A whole block that ends within the capacity: else a guest could make a file behind its disk grow. */
static int allow_block(scmp_filter_ctx context, const struct spt_entry *entry, struct error *error)
{
    static const int calls[] = {SCMP_SYS(pread64), SCMP_SYS(pwrite64)};
    uint64_t last = entry->block.capacity - entry->block.block_size;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const struct rule rule = {
            calls[i], FIRST, 3, {EQUALS(0, entry->fd), EQUALS(2, entry->block.block_size), AT_MOST(3, last)}};
        if (allow(context, &rule, error) < 0)
            return -1;
    }
    return 0;
}

static int allow_all(scmp_filter_ctx context, const struct spt_boot_info *info,
                     const struct spt_manifest *manifest, struct error *error)
{
    if (allow_common(context, info, error) < 0)
        return -1;
    for (uint32_t i = 0; i < manifest->count; i++) {
        const struct spt_entry *entry = &manifest->entries[i];
        if (entry->type == SPT_MANIFEST_NET && allow_net(context, entry, error) < 0)
            return -1;
        if (entry->type == SPT_MANIFEST_BLOCK && allow_block(context, entry, error) < 0)
            return -1;
    }
    return 0;
}

/* By a file in memory: libseccomp 2.5 exports to a descriptor alone. */
static int export(scmp_filter_ctx context, struct sock_fprog *filter, struct error *error)
{
    cleanup_buffer struct buffer program = {0};
    cleanup_close int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0)
        return error_errno(error, errno, "memfd_create");
    int result = seccomp_export_bpf(context, fd);
    if (result < 0)
        return error_errno(error, -result, "seccomp");
    if (lseek(fd, 0, SEEK_SET) < 0 || read_all(fd, FILTER_SIZE_MAX, &program, "seccomp filter", error) < 0)
        return -1;
    filter->len = (unsigned short)(program.length / sizeof *filter->filter);
    filter->filter = (struct sock_filter *)buffer_take(&program);
    return 0;
}

int spt_filter_compile(const struct spt_boot_info *info, const struct spt_manifest *manifest,
                       struct sock_fprog *filter, struct error *error)
{
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_KILL_PROCESS);
    *filter = (struct sock_fprog){0};
    if (context == NULL)
        return error_set(error, "seccomp: no filter can be made");
    int result = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (result < 0)
        error_errno(error, -result, "seccomp");
    else
        result = allow_all(context, info, manifest, error);
    if (result == 0)
        result = export(context, filter, error);
    seccomp_release(context);
    return result;
}

/* By the system call itself: seccomp_load of libseccomp calls free(), and with it what no longer may be
 * called. */
int spt_filter_install(const struct sock_fprog *filter, struct error *error)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_errno(error, errno, "no_new_privs");
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, filter) < 0)
        return error_errno(error, errno, "seccomp");
    return 0;
}

void spt_filter_free(struct sock_fprog *filter)
{
    free(filter->filter);
    *filter = (struct sock_fprog){0};
}
