/*
 * Unikraft: the program's name, library parameters, "--", the program's arguments.
 *
 * The text is read twice in the guest: lib/ukargparse splits it into words (quotes as in a shell),
 * lib/uklibparam takes the words up to "--" as library.parameter=value. Parameters that a kernel was built
 * without are skipped there with a warning. The names of the network's and the file system's changed with
 * release 0.16.1.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/guests/guest.h"

static const unsigned long first_current_version[] = {0, 16, 1};

/* Compares a version such as "0.17.0", "v0.16" or "0.16.1-rc2" with 0.16.1. Any other text stands for a
 * recent one. */
static bool is_current(const char *version)
{
    if (version == NULL)
        return true;
    if (*version == 'v' || *version == 'V')
        version++;
    if (*version < '0' || *version > '9')
        return true;
    for (size_t i = 0; i < sizeof first_current_version / sizeof *first_current_version; i++) {
        char *end = NULL;
        unsigned long number = 0; /* "0.17" is 0.17.0 */
        if (*version >= '0' && *version <= '9') {
            number = strtoul(version, &end, 10);
            version = *end == '.' ? end + 1 : "";
        }
        if (number != first_current_version[i])
            return number > first_current_version[i];
    }
    return true;
}

/* Single quotes keep everything but themselves, in every release of lib/ukargparse; backslashes only in later
 * ones. */
static void add_quoted(struct buffer *line, const char *text)
{
    buffer_add_char(line, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            buffer_add_string(line, "'\"'\"'");
        else
            buffer_add_char(line, *text);
    }
    buffer_add_char(line, '\'');
}

static void add_word(struct buffer *line, const char *word)
{
    if (word[strcspn(word, " \t\r\n\v'\"\\")] != '\0')
        add_quoted(line, word);
    else
        buffer_add_string(line, word);
}

static void add_variable(struct buffer *line, const char *variable)
{
    if (variable[strcspn(variable, "\"\\")] != '\0')
        add_quoted(line, variable);
    else
        buffer_format(line, "\"%s\"", variable);
}

static bool ends_list(const char *value)
{
    size_t length = strlen(value);
    return length > 0 && value[length - 1] == ']';
}

/* A word that ends with "]" would end the list (lib/uklibparam looks at the last character, quoted or not),
 * so such a variable stands outside of it, as a parameter of its own. */
static void add_environment(struct buffer *line, const struct strings *env)
{
    size_t listed = 0;
    for (size_t i = 0; env != NULL && i < env->count; i++) {
        if (ends_list(env->items[i]))
            continue;
        buffer_add_string(line, listed++ == 0 ? " env.vars=[ " : " ");
        add_variable(line, env->items[i]);
    }
    if (listed > 0)
        buffer_add_string(line, " ]");
    for (size_t i = 0; env != NULL && i < env->count; i++) {
        if (!ends_list(env->items[i]))
            continue;
        buffer_add_string(line, " env.vars=");
        add_variable(line, env->items[i]);
    }
}

static void add_network(struct buffer *line, const struct network *network, bool current)
{
    if (!current) {
        buffer_format(line, " netdev.ipv4_addr=%s", network->address);
        if (*network->gateway)
            buffer_format(line, " netdev.ipv4_gw_addr=%s", network->gateway);
        buffer_format(line, " netdev.ipv4_subnet_mask=%s", network->netmask);
        return;
    }
    buffer_format(line, " netdev.ip=%s/%u", network->address, network->prefix);
    if (*network->gateway || *network->dns)
        buffer_format(line, ":%s", network->gateway);
    if (*network->dns)
        buffer_format(line, ":%s", network->dns);
}

static int add_arguments(struct buffer *line, const struct strings *args, struct error *error)
{
    for (size_t i = 1; i < args->count; i++) {
        if (*args->items[i] == '\0')
            return error_set(error, "process.args[%zu] is empty: a Unikraft command line cannot carry that",
                             i);
        buffer_add_char(line, ' ');
        add_word(line, args->items[i]);
    }
    return 0;
}

/* The program's name and its arguments as text: empty, or with a blank at its start. */
static int read_program(const struct guest_input *input, struct buffer *name, struct buffer *arguments,
                        struct error *error)
{
    if (input->cmdline != NULL) {
        size_t length = 0;
        const char *program = guest_split_program(input->cmdline, &length);
        buffer_add(name, program, length);
        buffer_add_string(arguments, program + length);
    } else if (input->args->count > 0) {
        add_word(name, input->args->items[0]);
        if (add_arguments(arguments, input->args, error) < 0)
            return -1;
    }
    if (name->length == 0)
        return error_set(error, "process.args and the cmdline annotation name no program");
    buffer_add_string(arguments, "");
    return 0;
}

static int plan(const struct guest_input *input, struct boot *boot, struct error *error)
{
    cleanup_buffer struct buffer name = {0};
    cleanup_buffer struct buffer arguments = {0};
    if (read_program(input, &name, &arguments, error) < 0)
        return -1;

    bool current = is_current(input->version);
    cleanup_buffer struct buffer parameters = {0};
    if (input->network != NULL)
        add_network(&parameters, input->network, current);
    if (input->has_initrd)
        buffer_add_string(&parameters,
                          current ? " vfs.fstab=[ \"initrd0:/:extract:::\" ]" : " vfs.rootfs=initrd");
    add_environment(&parameters, input->env);

    /* lib/uklibparam looks for "--" behind at least one parameter, and what stands before it without being
     * one is dropped, so an empty list keeps the program's name and "--" apart where there is nothing to say.
     */
    if (parameters.length == 0)
        buffer_add_string(&parameters, " env.vars=[ ]");

    struct buffer line = {0};
    buffer_format(&line, "%s%s --%s", name.data, parameters.data, arguments.data);
    boot->command_line = buffer_take(&line);
    return 0;
}

DEFINE_GUEST(unikraft, plan, .kernels = KERNEL_ELF | KERNEL_ARM64_IMAGE);
