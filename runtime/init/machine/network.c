#include "runtime/init/machine/network.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/init/console.h"
#include "runtime/init/files.h"
#include "runtime/init/machine/interface.h"
#include "runtime/init/machine/sidecars.h"

/* ---- /etc/resolv.conf ---- */

/* A line of the keyword and the words between commas; nameservers have a line each. */
static void add_lines(char *text, size_t size, const char *keyword, const char *words, bool line_each)
{
    size_t used = strlen(text);
    while (words != NULL && *words != '\0' && used + 1 < size) {
        size_t length = line_each ? strcspn(words, ",") : strlen(words);
        used += (size_t)snprintf(text + used, size - used, "%s %.*s\n", keyword, (int)length, words);
        words += length + (words[length] == ',');
    }
    for (char *comma = text; !line_each && (comma = strchr(comma, ',')) != NULL;)
        *comma = ' ';
}

static void write_resolv_conf(const struct cmdline *cmdline)
{
    static const char path[] = "/etc/resolv.conf";
    struct stat status;
    if (cmdline->dns == NULL || (stat(path, &status) == 0 && status.st_size > 0))
        return;
    char text[CMDLINE_SIZE] = "";
    add_lines(text, sizeof text, "nameserver", cmdline->dns, true);
    add_lines(text, sizeof text, "search", cmdline->search, false);
    add_lines(text, sizeof text, "options", cmdline->resolver, false);
    mkdir("/etc", 0755);
    if (write_text(path, text) < 0)
        complain("%s:", path);
}

/* ---- interfaces ---- */

static unsigned prefix_of(const struct cmdline *cmdline)
{
    struct in_addr mask = {.s_addr = UINT32_MAX};
    if (cmdline->netmask != NULL && inet_pton(AF_INET, cmdline->netmask, &mask) != 1)
        complain("%s: the netmask %s is none", cmdline->device, cmdline->netmask);
    return (unsigned)__builtin_popcount(mask.s_addr);
}

/* What ip= says. */
static void configure_first(const struct cmdline *cmdline)
{
    if (cmdline->address == NULL || !interface_wait(cmdline->device) ||
        !interface_add_address(cmdline->device, cmdline->address, prefix_of(cmdline)) ||
        !interface_raise(cmdline->device))
        return;
    if (cmdline->gateway != NULL)
        interface_add_route(cmdline->device, "0.0.0.0", 0, cmdline->gateway);
}

/* "eth0/10.0.0.2/24", "eth0/10.1.0.0/16/10.0.0.1", "eth0/1400": up to four fields. */
enum { DEVICE, ADDRESS, PREFIX, GATEWAY, FIELDS };

static bool split(const struct network_word *word, char **fields)
{
    char *rest = word->value;
    memset(fields, 0, FIELDS * sizeof *fields);
    for (size_t i = 0; i < FIELDS && rest != NULL; i++)
        fields[i] = strsep(&rest, "/");
    if (rest == NULL && fields[ADDRESS] != NULL && (word->kind == NETWORK_MTU || fields[PREFIX] != NULL))
        return true;
    complain("the command line's word for %s makes no sense", fields[DEVICE]);
    return false;
}

static void configure(const struct network_word *word)
{
    char *fields[FIELDS];
    if (!split(word, fields) || !interface_wait(fields[DEVICE]))
        return;
    unsigned prefix = fields[PREFIX] != NULL ? (unsigned)strtoul(fields[PREFIX], NULL, 10) : 0;
    switch (word->kind) {
    case NETWORK_MTU:
        interface_set_mtu(fields[DEVICE], atoi(fields[ADDRESS]));
        break;
    case NETWORK_ADDRESS:
        if (interface_raise(fields[DEVICE]))
            interface_add_address(fields[DEVICE], fields[ADDRESS], prefix);
        break;
    case NETWORK_ROUTE:
        interface_add_route(fields[DEVICE], fields[ADDRESS], prefix, fields[GATEWAY]);
        break;
    }
}

void network_configure(const struct cmdline *cmdline)
{
    interface_raise("lo");
    configure_first(cmdline);
    for (size_t i = 0; i < cmdline->network_count; i++)
        configure(&cmdline->network[i]);
    if (cmdline->pod != NULL)
        sidecars_serve(cmdline->pod);
    write_resolv_conf(cmdline);
}
