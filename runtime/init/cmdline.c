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

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

static char *decode(char *text)
{
    char *out = text;
    for (char *in = text; *in != '\0'; in++) {
        int high = *in == '%' ? hex_digit(in[1]) : -1;
        int low = high >= 0 ? hex_digit(in[2]) : -1;
        if (low >= 0 && (high | low) != 0) {
            *out++ = (char)(high << 4 | low);
            in += 2;
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
    return text;
}

static void add_word(struct words *words, char *word)
{
    if (words->count < CMDLINE_WORDS)
        words->items[words->count++] = word;
    words->items[words->count] = NULL;
}

/* Reads a number up to `end`, moves behind it; false where there is none. */
static bool read_id(char **position, const char *ends, uint32_t *id)
{
    char *end = NULL;
    if (**position < '0' || **position > '9')
        return false;
    unsigned long number = strtoul(*position, &end, 10);
    if (number >= UINT32_MAX || (*end != '\0' && strchr(ends, *end) == NULL))
        return false;
    *id = (uint32_t)number;
    *position = *end != '\0' ? end + 1 : end;
    return true;
}

static void read_user(char *value, struct cmdline *cmdline)
{
    cmdline->has_user = read_id(&value, ":", &cmdline->uid) && read_id(&value, ":", &cmdline->gid);
    bool good = cmdline->has_user;
    while (good && *value != '\0') {
        uint32_t group = 0;
        good = cmdline->group_count < CMDLINE_GROUPS && read_id(&value, ",", &group);
        if (good)
            cmdline->groups[cmdline->group_count++] = group;
    }
    cmdline->user_is_malformed = !good;
}

/* "24x80" */
static void read_size(char *value, struct cmdline *cmdline)
{
    uint32_t rows = 0;
    uint32_t columns = 0;
    if (!read_id(&value, "x", &rows) || !read_id(&value, "", &columns) || rows > UINT16_MAX ||
        columns > UINT16_MAX)
        return;
    cmdline->rows = (uint16_t)rows;
    cmdline->columns = (uint16_t)columns;
}

/* "/dev/vda:/data" */
static void read_mount(char *value, struct cmdline *cmdline)
{
    char *colon = strchr(value, ':');
    if (colon == NULL || colon[1] != '/')
        return;
    *colon = '\0';
    cmdline->mount_device = value;
    cmdline->mount_directory = decode(colon + 1);
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
        bool encoded;
    } texts[] = {
        {"root", &cmdline->root, false},
        {"rootfstype", &cmdline->root_type, false},
        {"init", &cmdline->init, false},
        {"rdinit", &cmdline->init, false},
        {"urunc.cwd", &cmdline->cwd, true},
        {"urunc.hostname", &cmdline->hostname, true},
        {"urunc.dns", &cmdline->dns, false},
        {"urunc.search", &cmdline->search, false},
        {"urunc.resolver", &cmdline->resolver, false},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(name, texts[i].name) == 0)
            *texts[i].field = texts[i].encoded ? decode(value) : value;
    if (read_network(name, value, cmdline))
        return;
    if (strcmp(name, "urunc.env") == 0)
        add_word(&cmdline->env, decode(value));
    else if (strcmp(name, "urunc.user") == 0)
        read_user(value, cmdline);
    else if (strcmp(name, "urunc.mount") == 0)
        read_mount(value, cmdline);
    else if (strcmp(name, "urunc.size") == 0)
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
    bool encoded_args = false;
    char *word = NULL;
    while ((word = next_word(&text)) != NULL && strcmp(word, "--") != 0) {
        char *value = strchr(word, '=');
        if (value == NULL) {
            read_flag(word, cmdline);
            continue;
        }
        *value++ = '\0';
        if (strcmp(word, "urunc.arg") == 0) {
            add_word(&cmdline->args, decode(value));
            encoded_args = true;
        } else {
            read_parameter(word, value, cmdline);
        }
    }
    while (!encoded_args && word != NULL && (word = next_argument(&text)) != NULL)
        add_word(&cmdline->args, word);
}
