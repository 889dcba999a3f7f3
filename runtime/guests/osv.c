/*
 * OSv: `--ip=eth0,ADDRESS,MASK --defaultgw=ADDRESS --nameserver=ADDRESS --rootfs=KIND --env=K=V...
 * ARGUMENTS`.
 *
 * Two parsers read it (core/commands.cc). The loader takes words that begin with "-" up to the first that
 * does not; a backslash takes the next character as it is, quotes are nothing special. What follows is a list
 * of commands: a word may stand in double quotes, in which a backslash goes before quotes and backslashes;
 * the rest of a word from its first "$" on is then taken for the name of a variable, in whatever quotes. The
 * grammar knows ASCII alone.
 */
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/guests/guest.h"

static void add_option(struct buffer *line, const char *name, const char *value)
{
    buffer_format(line, "--%s=", name);
    for (; *value != '\0'; value++) {
        if (strchr(" \t\n\\", *value) != NULL)
            buffer_add_char(line, '\\');
        buffer_add_char(line, *value);
    }
    buffer_add_char(line, ' ');
}

static void add_network(struct buffer *line, const struct network *network)
{
    buffer_format(line, "--ip=eth0,%s,%s ", network->address, network->netmask);
    if (*network->gateway != '\0')
        add_option(line, "defaultgw", network->gateway);
    if (*network->dns != '\0')
        add_option(line, "nameserver", network->dns);
}

static void add_options(struct buffer *line, const struct guest_input *input)
{
    if (input->network != NULL)
        add_network(line, input->network);
    /* A kernel without a disk has its files in itself; else it finds out what is on the disk. */
    if (!input->has_block)
        add_option(line, "rootfs", "ramfs");
    for (size_t i = 0; input->env != NULL && i < input->env->count; i++)
        if (strchr(input->env->items[i], '=') != NULL)
            add_option(line, "env", input->env->items[i]);
    if (input->cwd != NULL && input->cwd[strspn(input->cwd, "/")] != '\0')
        add_option(line, "cwd", input->cwd);
}

static int check_argument(const char *argument, size_t i, struct error *error)
{
    if (strchr(argument, '$') != NULL)
        return error_set(error,
                         "process.args[%zu] %s: OSv would take what follows the $ for the name of a variable",
                         i, argument);
    for (const char *at = argument; *at != '\0'; at++)
        if ((unsigned char)*at >= 0x80)
            return error_set(error, "process.args[%zu] %s: OSv's command line is ASCII", i, argument);
    return 0;
}

static bool is_plain(const char *argument)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-=,:+@%";
    return *argument != '\0' && *argument != '-' && argument[strspn(argument, plain)] == '\0';
}

static void add_argument(struct buffer *line, const char *argument)
{
    if (is_plain(argument)) {
        buffer_add_string(line, argument);
        return;
    }
    buffer_add_char(line, '"');
    guest_add_escaped(line, argument);
    buffer_add_char(line, '"');
}

static int add_arguments(struct buffer *line, const struct strings *args, struct error *error)
{
    for (size_t i = 0; i < args->count; i++) {
        if (check_argument(args->items[i], i, error) < 0)
            return -1;
        if (i > 0)
            buffer_add_char(line, ' ');
        add_argument(line, args->items[i]);
    }
    return 0;
}

static int plan(const struct guest_input *input, struct boot *boot, struct error *error)
{
    cleanup_buffer struct buffer line = {0};
    if (input->block_mount_point != NULL && strcmp(input->block_mount_point, "/") != 0)
        return error_set(error, "blkMntPoint %s: an OSv guest's disk is its root", input->block_mount_point);
    add_options(&line, input);
    buffer_add_string(&line, input->cmdline != NULL ? input->cmdline : "");
    if (input->cmdline == NULL && add_arguments(&line, input->args, error) < 0)
        return -1;
    boot->command_line = buffer_take(&line);
    boot->stops = BOOT_STOP_POWER_BUTTON; /* drivers/acpi.cc */
    return 0;
}

DEFINE_GUEST(osv, plan, .kernels = KERNEL_ELF | KERNEL_PVH | KERNEL_BZIMAGE | KERNEL_ARM64_IMAGE);
