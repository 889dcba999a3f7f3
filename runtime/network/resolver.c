/* resolv.conf(5): servers, search domains and options that mean something to a guest. */
#include <arpa/inet.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/network/network.h"

/* A loopback address (Docker's 127.0.0.11, systemd's 127.0.0.53) is a server in the container's namespace,
 * which the guest cannot reach. Returns the family, 0 where the text is no such address. */
static int family_of(const char *text)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, text, &four) == 1)
        return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET ? 0 : AF_INET;
    if (inet_pton(AF_INET6, text, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six) ? 0 : AF_INET6;
    return 0;
}

/* The next word of the line, NULL at its end. */
static char *next_word(char **line)
{
    char *word;
    while ((word = strsep(line, " \t\r")) != NULL && *word == '\0')
        ;
    return word;
}

static void add_server(const char *text, struct network *network)
{
    int family = text != NULL && strlen(text) < NETWORK_TEXT ? family_of(text) : 0;
    if (family == 0)
        return;
    if (network->server_count < NETWORK_SERVERS)
        strcpy(network->servers[network->server_count++], text);
    if (family == AF_INET && *network->dns == '\0')
        strcpy(network->dns, text);
}

/* No domain and no option has a comma. A word with what neither can have is left out, for the guest's sake.
 */
static void put_words(char *line, char *into)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:";
    size_t used = 0;
    *into = '\0';
    for (const char *word; (word = next_word(&line)) != NULL;) {
        size_t length = strlen(word);
        if (word[strspn(word, safe)] == '\0' && used + length + 2 <= NETWORK_WORDS)
            used += (size_t)snprintf(into + used, NETWORK_WORDS - used, "%s%s", used > 0 ? "," : "", word);
    }
}

static void read_line(char *line, struct network *network)
{
    line[strcspn(line, "#;")] = '\0';
    const char *keyword = next_word(&line);
    if (keyword == NULL)
        return;
    if (strcmp(keyword, "nameserver") == 0)
        add_server(next_word(&line), network);
    else if (strcmp(keyword, "search") == 0 || strcmp(keyword, "domain") == 0) /* the last one counts */
        put_words(line, network->search);
    else if (strcmp(keyword, "options") == 0)
        put_words(line, network->options);
}

void network_read_dns(const char *resolv_conf, struct network *network)
{
    cleanup_free char *copy = xstrdup(resolv_conf);
    char *rest = copy;
    network->dns[0] = network->search[0] = network->options[0] = '\0';
    network->server_count = 0;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        read_line(line, network);
}
