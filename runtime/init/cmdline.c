/* Parsing the kernel's command line, in place: nothing that it says is longer decoded than encoded. */
#include "runtime/init/cmdline.h"

#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
    unsigned char u = (unsigned char)c;
    return u == ' ' || (u >= '\t' && u <= '\r') || u == 0xa0; /* the kernel's lib/ctype.c */
}

/* The next word as the kernel splits them: blanks within double quotes join, the quotes go. NULL at the end.
 */
static char *next_word(char **position)
{
    char *in = *position;
    while (is_blank(*in))
        in++;
    if (*in == '\0')
        return NULL;
    char *word = in;
    char *out = in;
    bool quoted = false;
    for (; *in != '\0' && (quoted || !is_blank(*in)); in++) {
        if (*in == '"')
            quoted = !quoted;
        else
            *out++ = *in;
    }
    *position = *in != '\0' ? in + 1 : in;
    *out = '\0';
    return word;
}

/* The next argument behind "--": as above, and blanks within single quotes join as well; \' is a quote. */
static char *next_argument(char **position)
{
    char *in = *position;
    while (is_blank(*in))
        in++;
    if (*in == '\0')
        return NULL;
    char *word = in;
    char *out = in;
    char quote = '\0';
    for (; *in != '\0' && (quote != '\0' || !is_blank(*in)); in++) {
        if (quote != '\0' ? *in == quote : *in == '\'' || *in == '"')
            quote = quote != '\0' ? '\0' : *in;
        else if (quote == '\0' && in[0] == '\\' && in[1] == '\'')
            *out++ = *++in;
        else
            *out++ = *in;
    }
    *position = *in != '\0' ? in + 1 : in;
    *out = '\0';
    return word;
}

void words_add(struct words *words, char *word)
{
    words->items = reallocarray(words->items, words->count + 2, sizeof *words->items);
    if (words->items == NULL)
        abort(); /* the guest has not even memory for its arguments */
    words->items[words->count++] = word;
    words->items[words->count] = NULL;
}

void cmdline_split(char *text, struct words *words)
{
    for (char *word; (word = next_argument(&text)) != NULL;)
        words_add(words, word);
}

bool cmdline_read_number(char **position, const char *ends, uint32_t *number)
{
    char *end = NULL;
    if (**position < '0' || **position > '9')
        return false;
    unsigned long value = strtoul(*position, &end, 10);
    if (value >= UINT32_MAX || (*end != '\0' && strchr(ends, *end) == NULL))
        return false;
    *number = (uint32_t)value;
    *position = *end != '\0' ? end + 1 : end;
    return true;
}

/* "24x80" */
static void read_size(char *value, struct cmdline *cmdline)
{
    uint32_t rows = 0;
    uint32_t columns = 0;
    if (!cmdline_read_number(&value, "x", &rows) || !cmdline_read_number(&value, "", &columns) ||
        rows > UINT16_MAX || columns > UINT16_MAX)
        return;
    cmdline->rows = (uint16_t)rows;
    cmdline->columns = (uint16_t)columns;
}

/* <client>:<server>:<gateway>:<netmask>:<host name>:<device>:<autoconf> (Linux, admin-guide/nfs/nfsroot.rst)
 */
static void read_ip(char *value, struct cmdline *cmdline)
{
    static char first_interface[] = "eth0";
    char *fields[7] = {0};
    for (size_t i = 0; i < 7 && value != NULL; i++)
        fields[i] = strsep(&value, ":");
    if (fields[5] == NULL || fields[0][0] == '\0')
        return;
    cmdline->address = fields[0];
    cmdline->gateway = fields[2][0] != '\0' ? fields[2] : NULL;
    cmdline->netmask = fields[3][0] != '\0' ? fields[3] : NULL;
    if (cmdline->hostname == NULL && fields[4][0] != '\0')
        cmdline->hostname = fields[4];
    cmdline->device = fields[5][0] != '\0' ? fields[5] : first_interface;
}

static bool read_network(const char *name, char *value, struct cmdline *cmdline)
{
    static const char *const names[] = {"urunc.mtu", "urunc.address", "urunc.route"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        if (cmdline->network_count < CMDLINE_NETWORK)
            cmdline->network[cmdline->network_count++] =
                (struct network_word){.kind = (enum network_word_kind)i, .value = value};
        return true;
    }
    return false;
}

static void read_parameter(const char *name, char *value, struct cmdline *cmdline)
{
    const struct {
        const char *name;
        char **field;
    } texts[] = {
        {"root", &cmdline->root},
        {"rootfstype", &cmdline->root_type},
        {"init", &cmdline->init},
        {"rdinit", &cmdline->init},
        {"urunc.dns", &cmdline->dns},
        {"urunc.search", &cmdline->search},
        {"urunc.resolver", &cmdline->resolver},
        {"urunc.pod", &cmdline->pod},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(name, texts[i].name) == 0)
            *texts[i].field = value;
    if (read_network(name, value, cmdline))
        return;
    if (strcmp(name, "urunc.size") == 0)
        read_size(value, cmdline);
    else if (strcmp(name, "ip") == 0)
        read_ip(value, cmdline);
    else if (strcmp(name, "urunc.exit") == 0)
        cmdline->exit_port = strcmp(value, "failures") == 0;
}

static void read_flag(const char *name, struct cmdline *cmdline)
{
    if (strcmp(name, "ro") == 0)
        cmdline->root_readonly = true;
    else if (strcmp(name, "rw") == 0)
        cmdline->root_readonly = false;
    else if (strcmp(name, "urunc.terminal") == 0)
        cmdline->terminal = true;
    else if (strcmp(name, "urunc.channel") == 0)
        cmdline->channel = true;
    else if (strcmp(name, "urunc.reset") == 0)
        cmdline->reset = true;
    else if (strcmp(name, "urunc.exit") == 0)
        cmdline->exit_port = cmdline->exit_report = true;
}

void cmdline_parse(char *text, struct cmdline *cmdline)
{
    memset(cmdline, 0, sizeof *cmdline);
    char *word = NULL;
    while ((word = next_word(&text)) != NULL && strcmp(word, "--") != 0) {
        char *value = strchr(word, '=');
        if (value == NULL) {
            read_flag(word, cmdline);
            continue;
        }
        *value++ = '\0';
        read_parameter(word, value, cmdline);
    }
    if (word != NULL)
        cmdline_split(text, &cmdline->args);
}
