/*
 * Linux: kernel parameters, and for a program of the image its environment and "init=A0 -- A1...".
 *
 * The kernel's command line is short, and any user of the host can read it. So urunc's own init and urunit
 * get all that concerns the program in a file (linux_pack.c), and the line carries what the kernel and the
 * machine need: kernel parameters and words whose names have a dot, which the kernel takes for parameters of
 * modules that are not there. Any other program of the image gets what the kernel itself can give:
 * environment words and arguments, at most 32 of each.
 */
#include "runtime/guests/linux.h"

#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "runtime/guests/linux_network.h"
#include "runtime/guests/linux_words.h"
#include "runtime/init/settings.h"

enum {
    COMMAND_LINE_MAX = 2047, /* COMMAND_LINE_SIZE of x86 and arm64 is 2048, with the NUL */
    NICS_MAX = 8,            /* each has a descriptor open from `create` on */
    INIT_ARGS_MAX = 32,      /* CONFIG_INIT_ENV_ARG_LIMIT: one more and the kernel panics */
    INIT_ENV_MAX = 30,       /* the same limit, where HOME and TERM of the kernel's own stand already */
};

void linux_guest_free(struct linux_guest *guest)
{
    free(guest->program);
    buffer_free(&guest->arguments);
}

static bool is_root_directory(const char *path)
{
    return path == NULL || path[strspn(path, "/")] == '\0';
}

static int find_root(struct linux_guest *guest, struct error *error)
{
    const struct guest_input *input = guest->input;
    guest->root = input->has_initrd ? LINUX_ROOT_INITRD : LINUX_ROOT_KERNEL;
    if (!input->has_block)
        return 0;
    if (is_root_directory(input->block_mount_point)) {
        guest->root = LINUX_ROOT_DISK;
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

static int read_program(struct linux_guest *guest, struct error *error)
{
    const struct guest_input *input = guest->input;
    if (input->cmdline != NULL) {
        size_t length = 0;
        const char *program = guest_split_program(input->cmdline, &length);
        guest->program = xstrndup(program, length);
        const char *rest = program + length;
        buffer_add_string(&guest->arguments, *rest != '\0' ? rest + 1 : rest);
    } else if (input->args->count > 0) {
        guest->program = xstrdup(input->args->items[0]);
        for (size_t i = 1; i < input->args->count; i++) {
            if (i > 1)
                buffer_add_char(&guest->arguments, ' ');
            linux_add_argument(&guest->arguments, input->args->items[i]);
        }
    }
    buffer_add_string(&guest->arguments, "");
    if (guest->program == NULL || *guest->program == '\0')
        return error_set(error, "process.args and the cmdline annotation name no program");
    if (strchr(guest->program, '"') != NULL)
        return error_set(
            error, "process.args[0] %s: a double quote cannot stand in the kernel's init=", guest->program);
    const char *name = path_base(guest->program);
    if (strcmp(name, path_base(SETTINGS_INIT)) == 0)
        guest->init = LINUX_INIT_OWN;
    else if (strstr(name, "urunit") != NULL) /* as the urunc in Go recognizes it */
        guest->init = LINUX_INIT_URUNIT;
    return 0;
}

static void add_kernel_parameters(struct buffer *line, const struct linux_guest *guest)
{
    /* On an emulated processor of a busy host the kernel's own check of its timer fails, and it panics;
     * kernels know that of KVM by themselves. */
    buffer_format(line, "panic=-1 console=%s", guest->arm64 ? "ttyAMA0" : "ttyS0 no_timer_check");
    if (guest->root == LINUX_ROOT_DISK)
        buffer_format(line, " root=/dev/vda %s", guest->input->block_readonly ? "ro" : "rw");
    else if (guest->root == LINUX_ROOT_INITRD)
        buffer_add_string(line, " root=/dev/ram0 rw");
    if (guest->input->ends_by_reset)
        buffer_add_string(line, " reboot=k");
    /* The console is a serial port, slow, and the program's output: errors and panics are still shown. */
    buffer_add_string(line, " quiet");
}

/* Words that only urunc's init understands: runtime/init/cmdline.h is the other side. */
static void add_own_words(struct buffer *line, const struct linux_guest *guest)
{
    const struct guest_input *input = guest->input;
    linux_add_network_words(line, input);
    if (input->terminal)
        buffer_add_string(line, " urunc.terminal");
    if (input->terminal && input->rows != 0 && input->columns != 0)
        buffer_format(line, " urunc.size=%ux%u", input->rows, input->columns);
    if (input->ends_by_reset)
        buffer_add_string(line, " urunc.reset");
    if (input->channel)
        buffer_add_string(line, " urunc.channel");
    if (!guest->arm64)
        buffer_add_string(line, input->exit_report ? " urunc.exit" : " urunc.exit=failures");
    /* It starts from the initrd that it travels in, and goes on to the disk where that is the root. */
    buffer_add_string(line, " rdinit=" SETTINGS_INIT);
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

static int add_program(struct buffer *line, const struct linux_guest *guest, struct error *error)
{
    size_t words = linux_count_words(guest->arguments.data);
    if (words > INIT_ARGS_MAX)
        return error_set(error,
                         "the arguments have %zu words and the kernel gives at most %d to a program: use "
                         "urunc-init",
                         words, INIT_ARGS_MAX);
    const char *name = guest->root == LINUX_ROOT_DISK ? "init" : "rdinit";
    bool quoted = linux_count_words(guest->program) != 1;
    buffer_format(line, quoted ? " %s=\"%s\"" : " %s=%s", name, guest->program);
    if (guest->arguments.length > 0)
        buffer_format(line, " -- %s", guest->arguments.data);
    return 0;
}

/* What a program of the image gets from the kernel: the urunc in Go gives urunit the same. */
static int add_image_words(struct buffer *line, const struct linux_guest *guest, struct error *error)
{
    if (!linux_has_urunit_file(guest)) {
        if (add_environment(line, guest->input->env, error) < 0)
            return -1;
    } else if (guest->root == LINUX_ROOT_DISK) {
        buffer_add_string(line, " retain_initrd URUNIT_CONFIG=" URUNIT_RETAINED);
    } else {
        buffer_add_string(line, " URUNIT_CONFIG=" URUNIT_IN_INITRD);
    }
    return add_program(line, guest, error);
}

static int write_line(const struct linux_guest *guest, struct buffer *line, struct error *error)
{
    add_kernel_parameters(line, guest);
    linux_add_ip(line, guest->input);
    if (guest->init == LINUX_INIT_OWN)
        add_own_words(line, guest);
    else if (add_image_words(line, guest, error) < 0)
        return -1;
    if (line->length > COMMAND_LINE_MAX)
        return error_set(
            error,
            "the Linux command line has %zu bytes and the kernel takes %d: shorten the environment "
            "(process.env) or the arguments (process.args), or use urunc-init",
            line->length, COMMAND_LINE_MAX);
    return 0;
}

int linux_guest_read(const struct guest_input *input, struct linux_guest *guest, struct error *error)
{
    const char *architecture = input->kernel != NULL ? input->kernel->architecture : NULL;
    *guest = (struct linux_guest){.input = input};
    guest->arm64 = architecture != NULL && strcmp(architecture, "arm64") == 0;
    return find_root(guest, error) < 0 || read_program(guest, error) < 0 ? -1 : 0;
}

bool linux_has_urunit_file(const struct linux_guest *guest)
{
    return guest->init == LINUX_INIT_URUNIT && guest->root != LINUX_ROOT_KERNEL &&
           (guest->root == LINUX_ROOT_INITRD) == guest->input->has_initrd;
}

static int plan_boot(const struct guest_input *input, struct boot *boot, struct error *error)
{
    cleanup_linux_guest struct linux_guest guest = {0};
    cleanup_buffer struct buffer line = {0};
    if (linux_guest_read(input, &guest, error) < 0 || write_line(&guest, &line, error) < 0)
        return -1;
    bool own_init = guest.init == LINUX_INIT_OWN;
    boot->command_line = buffer_take(&line);
    boot->quirks |= BOOT_QUIRK_PANIC_DEVICE;
    if (own_init && input->channel)
        boot->quirks |= BOOT_QUIRK_CHANNEL;
    if (own_init)
        boot->stops = BOOT_STOP_KEYS; /* runtime/init/program/supervise.c */
    if (!guest.arm64) {
        boot->quirks |= BOOT_QUIRK_EXIT_PORT;
        if (own_init && input->exit_report)
            boot->exit = BOOT_EXIT_REPORT;
    }
    return 0;
}

DEFINE_GUEST(linux, plan_boot, .channel = true, .virtiofs = true, .boot_modules = true, .ipv6 = true,
             .nics = NICS_MAX, .queues = true, .abilities = linux_abilities, .pack = linux_pack,
             .kernels = KERNEL_BZIMAGE | KERNEL_PVH | KERNEL_ARM64_IMAGE);
