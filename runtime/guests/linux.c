/*
 * Linux: kernel parameters, the environment, "init=A0 -- A1...".
 *
 * Two kinds of program can be A0. Any program of the image gets what the kernel itself can give: environment
 * words and arguments, at most 32 of each. urunc's own init (runtime/init, by its name) reads /proc/cmdline,
 * so it gets the rest of the container in words whose names have a dot: the kernel takes those for parameters
 * of modules that are not there and neither counts nor keeps them, and no name of a variable can be mistaken
 * for a kernel parameter.
 */
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "runtime/guests/guest.h"
#include "runtime/guests/linux_network.h"
#include "runtime/guests/linux_words.h"

#define OWN_INIT "urunc-init"

enum {
    COMMAND_LINE_MAX = 2047, /* COMMAND_LINE_SIZE of x86 and arm64 is 2048, with the NUL */
    NICS_MAX = 8,            /* each has a descriptor open from `create` on */
    INIT_ARGS_MAX = 32,      /* CONFIG_INIT_ENV_ARG_LIMIT: one more and the kernel panics */
    INIT_ENV_MAX = 30,       /* the same limit, where HOME and TERM of the kernel's own stand already */
};

/* The place of the root file system. */
enum root {
    ROOT_KERNEL, /* in the kernel, or nowhere: no storage was given */
    ROOT_INITRD,
    ROOT_DISK,
};

struct plan {
    const struct guest_input *input;
    enum root root;
    bool arm64;
    bool own_init;           /* A0 is urunc's init */
    char *program;           /* A0; owned */
    struct buffer arguments; /* A1... as text for behind "--", without a blank at its start */
};

static void plan_free(struct plan *plan)
{
    free(plan->program);
    buffer_free(&plan->arguments);
}

static bool is_root_directory(const char *path)
{
    return path == NULL || path[strspn(path, "/")] == '\0';
}

static int find_root(struct plan *plan, struct error *error)
{
    const struct guest_input *input = plan->input;
    plan->root = input->has_initrd ? ROOT_INITRD : ROOT_KERNEL;
    if (!input->has_block)
        return 0;
    if (is_root_directory(input->block_mount_point)) {
        plan->root = ROOT_DISK;
        return 0;
    }
    if (!input->has_initrd)
        return error_set(
            error,
            "blkMntPoint %s: a Linux guest whose block image is not mounted at / needs an initrd "
            "for its root",
            input->block_mount_point);
    return 0;
}

static int read_program(struct plan *plan, struct error *error)
{
    const struct guest_input *input = plan->input;
    if (input->cmdline != NULL) {
        size_t length = 0;
        const char *program = guest_split_program(input->cmdline, &length);
        plan->program = xstrndup(program, length);
        const char *rest = program + length;
        buffer_add_string(&plan->arguments, *rest != '\0' ? rest + 1 : rest);
    } else if (input->args->count > 0) {
        plan->program = xstrdup(input->args->items[0]);
        for (size_t i = 1; i < input->args->count; i++) {
            if (i > 1)
                buffer_add_char(&plan->arguments, ' ');
            linux_add_argument(&plan->arguments, input->args->items[i]);
        }
    }
    buffer_add_string(&plan->arguments, "");
    if (plan->program == NULL || *plan->program == '\0')
        return error_set(error, "process.args and the cmdline annotation name no program");
    if (strchr(plan->program, '"') != NULL)
        return error_set(
            error, "process.args[0] %s: a double quote cannot stand in the kernel's init=", plan->program);
    plan->own_init = strcmp(path_base(plan->program), OWN_INIT) == 0;
    return 0;
}

static void add_kernel_parameters(struct buffer *line, const struct plan *plan)
{
    buffer_format(line, "panic=-1 console=%s", plan->arm64 ? "ttyAMA0" : "ttyS0");
    if (plan->root == ROOT_DISK)
        buffer_format(line, " root=/dev/vda %s", plan->input->block_readonly ? "ro" : "rw");
    else if (plan->root == ROOT_INITRD)
        buffer_add_string(line, " root=/dev/ram0 rw");
    if (plan->input->ends_by_reset)
        buffer_add_string(line, " reboot=k");
    /* The console is a serial port, slow, and the program's output: errors and panics are still shown. */
    buffer_add_string(line, " quiet");
}

/* Words that only urunc's init understands: runtime/init/cmdline.h is the other side. */
static void add_own_words(struct buffer *line, const struct plan *plan)
{
    const struct guest_input *input = plan->input;
    for (size_t i = 0; input->env != NULL && i < input->env->count; i++)
        linux_add_encoded(line, "urunc.env=", input->env->items[i]);
    if (input->uid != 0 || input->gid != 0 || input->additional_gid_count > 0)
        buffer_format(line, " urunc.user=%u:%u", input->uid, input->gid);
    for (size_t i = 0; i < input->additional_gid_count; i++)
        buffer_format(line, "%c%u", i == 0 ? ':' : ',', input->additional_gids[i]);
    if (input->cwd != NULL && !is_root_directory(input->cwd))
        linux_add_encoded(line, "urunc.cwd=", input->cwd);
    if (input->hostname != NULL && *input->hostname != '\0')
        linux_add_encoded(line, "urunc.hostname=", input->hostname);
    linux_add_network_words(line, input);
    if (input->has_block && plan->root != ROOT_DISK)
        linux_add_encoded(line, "urunc.mount=/dev/vda:", input->block_mount_point);
    if (input->terminal)
        buffer_add_string(line, " urunc.terminal");
    if (input->terminal && input->rows != 0 && input->columns != 0)
        buffer_format(line, " urunc.size=%ux%u", input->rows, input->columns);
    if (input->ends_by_reset)
        buffer_add_string(line, " urunc.reset");
    if (input->channel)
        buffer_add_string(line, " urunc.channel");
    if (!plan->arm64)
        buffer_add_string(line, input->exit_report ? " urunc.exit" : " urunc.exit=failures");
}

static int add_environment(struct buffer *line, const struct strings *env, struct error *error)
{
    if (env == NULL)
        return 0;
    if (env->count > INIT_ENV_MAX)
        return error_set(error,
                         "process.env has %zu variables and the kernel can give at most %d to a program: use "
                         "urunc-init",
                         env->count, INIT_ENV_MAX);
    for (size_t i = 0; i < env->count; i++)
        if (linux_add_variable(line, env->items[i], error) < 0)
            return -1;
    return 0;
}

/* Urunc's init can take its arguments encoded, where they are more words than the kernel allows. */
static int add_program(struct buffer *line, const struct plan *plan, struct error *error)
{
    const struct guest_input *input = plan->input;
    size_t words = linux_count_words(plan->arguments.data);
    bool encoded = words > INIT_ARGS_MAX && plan->own_init && input->cmdline == NULL;
    if (words > INIT_ARGS_MAX && !encoded)
        return error_set(error,
                         "the arguments have %zu words and the kernel gives at most %d to a program: use "
                         "urunc-init and process.args",
                         words, INIT_ARGS_MAX);
    for (size_t i = 1; encoded && i < input->args->count; i++)
        linux_add_encoded(line, "urunc.arg=", input->args->items[i]);

    const char *name = plan->root == ROOT_DISK ? "init" : "rdinit";
    bool quoted = linux_count_words(plan->program) != 1;
    buffer_format(line, quoted ? " %s=\"%s\"" : " %s=%s", name, plan->program);
    if (plan->arguments.length > 0 && !encoded)
        buffer_format(line, " -- %s", plan->arguments.data);
    return 0;
}

static int write_line(const struct plan *plan, struct buffer *line, struct error *error)
{
    add_kernel_parameters(line, plan);
    linux_add_ip(line, plan->input);
    if (plan->own_init)
        add_own_words(line, plan);
    else if (add_environment(line, plan->input->env, error) < 0)
        return -1;
    if (add_program(line, plan, error) < 0)
        return -1;
    if (line->length > COMMAND_LINE_MAX)
        return error_set(
            error,
            "the Linux command line has %zu bytes and the kernel takes %d: shorten the environment "
            "(process.env) or the arguments (process.args)",
            line->length, COMMAND_LINE_MAX);
    return 0;
}

static int plan_boot(const struct guest_input *input, struct boot *boot, struct error *error)
{
    __attribute__((cleanup(plan_free))) struct plan plan = {.input = input};
    const char *architecture = input->kernel != NULL ? input->kernel->architecture : NULL;
    plan.arm64 = architecture != NULL && strcmp(architecture, "arm64") == 0;
    cleanup_buffer struct buffer line = {0};
    if (find_root(&plan, error) < 0 || read_program(&plan, error) < 0 || write_line(&plan, &line, error) < 0)
        return -1;
    boot->command_line = buffer_take(&line);
    boot->quirks |= BOOT_QUIRK_PANIC_DEVICE;
    if (plan.own_init)
        boot->stops = BOOT_STOP_CTRL_ALT_DEL; /* runtime/init/program/supervise.c; others' would reset */
    if (plan.own_init && input->channel)
        boot->quirks |= BOOT_QUIRK_CHANNEL;
    if (!plan.arm64) {
        boot->quirks |= BOOT_QUIRK_EXIT_PORT;
        if (plan.own_init && input->exit_report)
            boot->exit = BOOT_EXIT_REPORT;
    }
    return 0;
}

DEFINE_GUEST(linux, plan_boot, .channel = true, .boot_modules = true, .ipv6 = true, .nics = NICS_MAX,
             .kernels = KERNEL_BZIMAGE | KERNEL_PVH | KERNEL_ARM64_IMAGE);
