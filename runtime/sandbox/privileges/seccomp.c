#include "runtime/sandbox/privileges/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"

#define PROFILE "config.json: linux.seccomp."

enum { ARGUMENTS = 6, PROGRAM_MAX = 1 << 20 /* bytes; much more than the kernel takes */ };

/* As seccomp(2) takes it. */
struct seccomp_filter {
    uint32_t flags;
    uint32_t count;
    struct sock_filter instructions[];
};

/* ERRNO and TRACE carry a number, which is added to these. NOTIFY needs a listener beside the container and
 * is not offered. */
const struct seccomp_name seccomp_actions[] = {
    {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
    {"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0)},
    {"SCMP_ACT_KILL", SCMP_ACT_KILL},
    {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
    {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
    {"SCMP_ACT_LOG", SCMP_ACT_LOG},
    {"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0)},
    {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
    {NULL, 0},
};

const struct seccomp_name seccomp_operators[] = {
    {"SCMP_CMP_EQ", SCMP_CMP_EQ}, {"SCMP_CMP_GE", SCMP_CMP_GE},
    {"SCMP_CMP_GT", SCMP_CMP_GT}, {"SCMP_CMP_LE", SCMP_CMP_LE},
    {"SCMP_CMP_LT", SCMP_CMP_LT}, {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
    {"SCMP_CMP_NE", SCMP_CMP_NE}, {NULL, 0},
};

const struct seccomp_name seccomp_architectures[] = {
    {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
    {"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
#ifdef SCMP_ARCH_LOONGARCH64 /* of libseccomp 2.6, like the next ones in such lines */
    {"SCMP_ARCH_LOONGARCH64", SCMP_ARCH_LOONGARCH64},
#endif
#ifdef SCMP_ARCH_M68K
    {"SCMP_ARCH_M68K", SCMP_ARCH_M68K},
#endif
    {"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS},
    {"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64},
    {"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
    {"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL},
    {"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64},
    {"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32},
    {"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC},
    {"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64},
    {"SCMP_ARCH_PPC", SCMP_ARCH_PPC},
    {"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64},
    {"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
    {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64},
    {"SCMP_ARCH_S390", SCMP_ARCH_S390},
    {"SCMP_ARCH_S390X", SCMP_ARCH_S390X},
#ifdef SCMP_ARCH_SH
    {"SCMP_ARCH_SH", SCMP_ARCH_SH},
    {"SCMP_ARCH_SHEB", SCMP_ARCH_SHEB},
#endif
    {"SCMP_ARCH_X32", SCMP_ARCH_X32},
    {"SCMP_ARCH_X86", SCMP_ARCH_X86},
    {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
    {NULL, 0},
};

const struct seccomp_name seccomp_flags[] = {
    {"SECCOMP_FILTER_FLAG_LOG", SCMP_FLTATR_CTL_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SCMP_FLTATR_CTL_SSB},
    {"SECCOMP_FILTER_FLAG_TSYNC", SCMP_FLTATR_CTL_TSYNC},
    {NULL, 0},
};

static const struct seccomp_name *find(const struct seccomp_name *names, const char *name)
{
    for (; names->name != NULL; names++)
        if (strcmp(names->name, name) == 0)
            return names;
    return NULL;
}

bool seccomp_is_unconfined(const json_t *profile)
{
    const char *action = json_string_value(json_object_get(profile, "defaultAction"));
    return action != NULL && strcmp(action, "SCMP_ACT_ALLOW") == 0 &&
           json_array_size(json_object_get(profile, "syscalls")) == 0;
}

static int read_action(const json_t *object, const char *where, const char *key, const char *number_key,
                       uint32_t *action, struct error *error)
{
    const char *name = NULL;
    int64_t number = EPERM;
    if (require_string(object, where, key, &name, error) < 0 ||
        read_integer(object, where, number_key, 0, UINT16_MAX, &number, error) < 0)
        return -1;
    const struct seccomp_name *found = find(seccomp_actions, name);
    if (found == NULL)
        return error_set(error, "%s%s: the action \"%s\" is not supported", where, key, name);
    *action = found->value;
    if (found->value == SCMP_ACT_ERRNO(0) || found->value == SCMP_ACT_TRACE(0))
        *action |= (uint32_t)number;
    return 0;
}

static int add_architectures(scmp_filter_ctx context, const json_t *profile, struct error *error)
{
    cleanup_strings struct strings names = {0};
    if (read_strings(profile, PROFILE, "architectures", &names, error) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        const struct seccomp_name *found = find(seccomp_architectures, names.items[i]);
        if (found == NULL)
            return error_set(error, PROFILE "architectures: \"%s\" is not known", names.items[i]);
        int status = seccomp_arch_add(context, found->value);
        if (status < 0 && status != -EEXIST)
            return error_errno(error, -status, PROFILE "architectures: %s", names.items[i]);
    }
    return 0;
}

static int set_flags(scmp_filter_ctx context, const json_t *profile, struct error *error)
{
    cleanup_strings struct strings names = {0};
    if (read_strings(profile, PROFILE, "flags", &names, error) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        const struct seccomp_name *found = find(seccomp_flags, names.items[i]);
        if (found == NULL)
            return error_set(error, PROFILE "flags: \"%s\" is not supported", names.items[i]);
        int status = seccomp_attr_set(context, (enum scmp_filter_attr)found->value, 1);
        if (status < 0)
            return error_errno(error, -status, PROFILE "flags: %s", names.items[i]);
    }
    return 0;
}

/* Argument values are unsigned 64-bit numbers. */
static int read_argument(const json_t *item, const char *where, struct scmp_arg_cmp *argument,
                         struct error *error)
{
    const char *name = NULL;
    int64_t index = 0;
    uint64_t value = 0, second = 0;
    if (require_string(item, where, "op", &name, error) < 0 ||
        read_integer(item, where, "index", 0, ARGUMENTS - 1, &index, error) < 0 ||
        read_uint64(item, where, "value", &value, error) < 0 ||
        read_uint64(item, where, "valueTwo", &second, error) < 0)
        return -1;
    const struct seccomp_name *comparison = find(seccomp_operators, name);
    if (comparison == NULL)
        return error_set(error, "%sop: \"%s\" is not known", where, name);
    *argument = (struct scmp_arg_cmp){
        .arg = (unsigned)index,
        .op = (enum scmp_compare)comparison->value,
        .datum_a = value,
        .datum_b = second,
    };
    return 0;
}

struct rule {
    uint32_t action;
    struct scmp_arg_cmp arguments[ARGUMENTS * 4];
    unsigned argument_count;
    bool repeats; /* one argument is compared more than once */
};

static int read_rule(const json_t *item, const char *where, struct rule *rule, struct error *error)
{
    const json_t *array = NULL;
    if (read_action(item, where, "action", "errnoRet", &rule->action, error) < 0 ||
        read_array(item, where, "args", &array, error) < 0)
        return -1;
    if (json_array_size(array) > sizeof rule->arguments / sizeof *rule->arguments)
        return error_set(error, "%sargs: too many", where);
    for (size_t i = 0; i < json_array_size(array); i++) {
        cleanup_free char *inside = xasprintf("%sargs[%zu].", where, i);
        if (read_argument(json_array_get(array, i), inside, &rule->arguments[i], error) < 0)
            return -1;
        for (size_t j = 0; j < i; j++)
            rule->repeats = rule->repeats || rule->arguments[j].arg == rule->arguments[i].arg;
    }
    rule->argument_count = (unsigned)json_array_size(array);
    return 0;
}

/* Comparisons of one rule must all hold; libseccomp takes one for each argument. Where an argument is
 * compared repeatedly, each comparison becomes a rule of its own, as with other runtimes. */
static int add_rule(scmp_filter_ctx context, const struct rule *rule, int number)
{
    if (!rule->repeats)
        return seccomp_rule_add_array(context, rule->action, number, rule->argument_count, rule->arguments);
    int status = 0;
    for (unsigned i = 0; i < rule->argument_count && status == 0; i++)
        status = seccomp_rule_add_array(context, rule->action, number, 1, &rule->arguments[i]);
    return status;
}

static int add_rules(scmp_filter_ctx context, const json_t *item, const char *where, uint32_t default_action,
                     struct error *error)
{
    cleanup_strings struct strings names = {0};
    struct rule rule = {0};
    if (read_rule(item, where, &rule, error) < 0 || read_strings(item, where, "names", &names, error) < 0)
        return -1;
    /* libseccomp refuses a rule that says what the default says. */
    if (rule.action == default_action)
        return 0;
    for (size_t i = 0; i < names.count; i++) {
        int number = seccomp_syscall_resolve_name(names.items[i]);
        if (number == __NR_SCMP_ERROR)
            continue;
        int status = add_rule(context, &rule, number);
        if (status < 0 && status != -EEXIST)
            return error_errno(error, -status, "%snames: %s", where, names.items[i]);
    }
    return 0;
}

static int fill(scmp_filter_ctx context, const json_t *profile, uint32_t default_action, struct error *error)
{
    const json_t *syscalls = NULL;
    if (add_architectures(context, profile, error) < 0 || set_flags(context, profile, error) < 0 ||
        read_array(profile, PROFILE, "syscalls", &syscalls, error) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(syscalls); i++) {
        cleanup_free char *where = xasprintf(PROFILE "syscalls[%zu].", i);
        if (add_rules(context, json_array_get(syscalls, i), where, default_action, error) < 0)
            return -1;
    }
    return 0;
}

/* The listener would decide on the monitor's calls for as long as the monitor runs. */
static int refuse_listener(const json_t *profile, struct error *error)
{
    static const char *const keys[] = {"listenerPath", "listenerMetadata"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *text = "";
        if (read_string(profile, PROFILE, keys[i], &text, error) < 0)
            return -1;
        if (*text != '\0')
            return error_set(error, PROFILE "%s: is refused: urunc has no seccomp notification", keys[i]);
    }
    return 0;
}

/* What libseccomp would give to seccomp(2) with the filter (its sys_filter_load). */
static uint32_t kernel_flags(scmp_filter_ctx context)
{
    static const struct {
        enum scmp_filter_attr attribute;
        uint32_t flag;
    } flags[] = {
        {SCMP_FLTATR_CTL_LOG, SECCOMP_FILTER_FLAG_LOG},
        {SCMP_FLTATR_CTL_SSB, SECCOMP_FILTER_FLAG_SPEC_ALLOW},
        {SCMP_FLTATR_CTL_TSYNC, SECCOMP_FILTER_FLAG_TSYNC},
    };
    uint32_t all = 0;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        uint32_t value = 0;
        if (seccomp_attr_get(context, flags[i].attribute, &value) == 0 && value != 0)
            all |= flags[i].flag;
    }
    return all;
}

struct seccomp_filter *seccomp_filter_of(uint32_t flags, const void *program, size_t length)
{
    size_t count = length / sizeof(struct sock_filter);
    if (length % sizeof(struct sock_filter) != 0 || count == 0 || count > BPF_MAXINSNS)
        return NULL;
    struct seccomp_filter *filter = xcalloc(1, sizeof *filter + length);
    filter->flags = flags;
    filter->count = (uint32_t)count;
    memcpy(filter->instructions, program, length);
    return filter;
}

const void *seccomp_filter_program(const struct seccomp_filter *filter, uint32_t *flags, size_t *length)
{
    *flags = filter->flags;
    *length = filter->count * sizeof *filter->instructions;
    return filter->instructions;
}

/* libseccomp writes it to a file, and to no memory. */
static struct seccomp_filter *export(scmp_filter_ctx context, struct error *error)
{
    cleanup_buffer struct buffer program = {0};
    cleanup_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
    if (fd < 0) {
        error_errno(error, errno, "memfd_create");
        return NULL;
    }
    int status = seccomp_export_bpf(context, fd);
    if (status < 0) {
        error_errno(error, -status, "config.json: linux.seccomp: libseccomp makes no filter of it");
        return NULL;
    }
    if (lseek(fd, 0, SEEK_SET) < 0 ||
        read_all(fd, PROGRAM_MAX, &program, "config.json: linux.seccomp", error) < 0)
        return NULL;
    struct seccomp_filter *filter = seccomp_filter_of(kernel_flags(context), program.data, program.length);
    if (filter == NULL)
        error_set(error, "config.json: linux.seccomp: its filter has more than the kernel's %d instructions",
                  BPF_MAXINSNS);
    return filter;
}

static void release(scmp_filter_ctx *context)
{
    if (*context != NULL)
        seccomp_release(*context);
}

int seccomp_compile(const json_t *profile, struct seccomp_filter **filter, struct error *error)
{
    *filter = NULL;
    if (profile == NULL)
        return 0;
    if (refuse_listener(profile, error) < 0)
        return -1;
    uint32_t default_action = 0;
    if (read_action(profile, PROFILE, "defaultAction", "defaultErrnoRet", &default_action, error) < 0)
        return -1;
    __attribute__((cleanup(release))) scmp_filter_ctx context = seccomp_init(default_action);
    if (context == NULL)
        return error_set(error, PROFILE "defaultAction: libseccomp refuses it");
    if (fill(context, profile, default_action, error) < 0)
        return -1;
    if (seccomp_is_unconfined(profile))
        return 0;
    *filter = export(context, error);
    return *filter != NULL ? 0 : -1;
}

void seccomp_compiler(struct buffer *text)
{
    const struct scmp_version *version = seccomp_version();
    buffer_format(text, "libseccomp %u.%u.%u", version->major, version->minor, version->micro);
}

int seccomp_install(const struct seccomp_filter *filter, struct error *error)
{
    if (filter == NULL)
        return 0;
    const struct sock_fprog program = {(unsigned short)filter->count,
                                       (struct sock_filter *)filter->instructions};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags, &program) == 0)
        return 0;
    return error_errno(error, errno, "config.json: linux.seccomp: the kernel refuses the filter");
}

void seccomp_filter_free(struct seccomp_filter **filter)
{
    free(*filter);
    *filter = NULL;
}
