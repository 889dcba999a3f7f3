/*
 * MirageOS: `--ipv4=ADDRESS/BITS --ipv4-gateway=ADDRESS ARGUMENTS`, with the same for ipv6.
 *
 * Two parsers read the line. Solo5's (bindings/cmdline.c) takes words `--solo5:...` off its very beginning,
 * so those of the arguments come before ours. MirageOS's (parse-argv) splits the rest at blanks; a backslash
 * takes the next character as it is, and double quotes take everything up to the next one, in which a
 * backslash does the same. A quoted nothing is no argument at all.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/guests/solo5.h"

static void add_word(struct buffer *line, const char *word)
{
    if (line->length > 0)
        buffer_add_char(line, ' ');
    buffer_add_string(line, word);
}

/* Solo5's parser skips other white space than blanks at the beginning of the line, hence quotes for that as
 * well. */
static bool needs_quotes(const char *argument)
{
    for (; *argument != '\0'; argument++)
        if (isspace((unsigned char)*argument) || *argument == '"' || *argument == '\\')
            return true;
    return false;
}

static void add_argument(struct buffer *line, const char *argument)
{
    if (!needs_quotes(argument)) {
        add_word(line, argument);
        return;
    }
    add_word(line, "\"");
    guest_add_escaped(line, argument);
    buffer_add_char(line, '"');
}

static int check_arguments(const struct strings *args, struct error *error)
{
    for (size_t i = 0; i < args->count; i++)
        if (*args->items[i] == '\0')
            return error_set(error,
                             "process.args[%zu] is empty, and MirageOS's command line cannot hold an empty "
                             "argument",
                             i);
    return 0;
}

static bool is_for_bindings(const char *argument)
{
    static const char prefix[] = "--solo5:";
    return strncmp(argument, prefix, sizeof prefix - 1) == 0;
}

static void add_family(struct buffer *line, int family, const char *address, unsigned prefix,
                       const char *gateway)
{
    cleanup_free char *own = xasprintf("--ipv%d=%s/%u", family, address, prefix);
    add_word(line, own);
    if (*gateway == '\0')
        return;
    cleanup_free char *next = xasprintf("--ipv%d-gateway=%s", family, gateway);
    add_word(line, next);
}

/* A unikernel with IPv4 alone ends with "unknown option '--ipv6'". Since version 4 the usual stack has both
 * (mirage, CHANGES.md, v3.10.0 and v4.0.0). */
static bool takes_both(const char *version)
{
    if (version != NULL && (*version == 'v' || *version == 'V'))
        version++;
    return version != NULL && strtoul(version, NULL, 10) >= 4;
}

static void add_network(struct buffer *line, const struct guest_input *input)
{
    const struct network *network = input->network;
    bool has_ipv4 = *network->address != '\0';
    if (has_ipv4)
        add_family(line, 4, network->address, network->prefix, network->gateway);
    if (*network->address6 != '\0' && (!has_ipv4 || takes_both(input->version)))
        add_family(line, 6, network->address6, network->prefix6, network->gateway6);
}

/* A unikernel without a network device takes no address: it ends with "unknown option '--ipv4'". */
static bool has_network(const struct guest_input *input, const struct boot *boot)
{
    return input->network != NULL && boot->nic_count > 0 &&
           (!(input->kernel->formats & KERNEL_SOLO5) || boot->nics[0].name != NULL);
}

static int plan(const struct guest_input *input, struct boot *boot, struct error *error)
{
    cleanup_buffer struct buffer line = {0};
    size_t first = 0;
    if (check_arguments(input->args, error) < 0 || guest_name_solo5_devices(input, boot, error) < 0)
        return -1;
    if (input->cmdline == NULL)
        for (; first < input->args->count && is_for_bindings(input->args->items[first]); first++)
            add_argument(&line, input->args->items[first]);
    if (has_network(input, boot))
        add_network(&line, input);
    if (input->cmdline != NULL && *input->cmdline != '\0')
        add_word(&line, input->cmdline);
    for (size_t i = first; input->cmdline == NULL && i < input->args->count; i++)
        add_argument(&line, input->args->items[i]);
    if (guest_check_solo5_line(input->kernel, line.length, error) < 0)
        return -1;
    boot->command_line = buffer_take(&line);
    boot->quirks = BOOT_QUIRK_EXIT_PORT;
    boot->exit = BOOT_EXIT_MARK; /* Solo5 for virtio writes it however it ends (virtio/platform.c) */
    return 0;
}

DEFINE_GUEST(mirage, plan, .ipv6 = true);
