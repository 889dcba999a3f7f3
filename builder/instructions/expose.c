/* EXPOSE: ports, one by one or as ranges. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "builder/instructions/handlers.h"
#include "builder/spec/words.h"
#include "builder/stage/scope.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

/* A port number at the front of *text, which moves behind it; 0 where there is none. */
static unsigned take_port(const char **text)
{
    size_t digits = strspn(*text, "0123456789");
    if (digits == 0 || digits > 5)
        return 0;
    unsigned long port = strtoul(*text, NULL, 10);
    *text += digits;
    return port <= 65535 ? (unsigned)port : 0;
}

/* "80", "80/udp", "8000-8010/tcp": every port is one entry. */
static int expose(struct stage *stage, const char *text, struct error *error)
{
    const char *rest = text;
    unsigned first = take_port(&rest), last = first;
    if (*rest == '-') {
        rest++;
        last = take_port(&rest);
    }
    const char *protocol = *rest == '/' ? rest + 1 : "tcp";
    bool known = strcasecmp(protocol, "tcp") == 0 || strcasecmp(protocol, "udp") == 0 ||
                 strcasecmp(protocol, "sctp") == 0;
    if (first == 0 || last < first || (*rest != '\0' && *rest != '/') || !known)
        return error_set(error, "EXPOSE: \"%s\" is not a port; write 80, 80/udp or 8000-8010/tcp", text);
    for (unsigned port = first; port <= last; port++) {
        cleanup_free char *entry = xasprintf("%u/%s", port, protocol);
        for (char *c = entry; *c != '\0'; c++)
            *c = (char)tolower((unsigned char)*c);
        strings_add(&stage->config.ports, entry);
    }
    return 0;
}

int execute_expose(struct build *build, struct stage *stage, const struct instruction *instruction,
                   struct error *error)
{
    for (size_t i = 0; i < instruction->words.count; i++) {
        cleanup_free char *text = scope_expand(build, stage, instruction->words.items[i], error);
        cleanup_strings struct strings ports = {0};
        if (text == NULL)
            return error_prefix(error, "EXPOSE");
        words_split(text, &ports); /* one variable may hold several (as in Docker) */
        if (ports.count == 0)
            return error_set(error, "EXPOSE: %s is empty", instruction->words.items[i]);
        for (size_t j = 0; j < ports.count; j++)
            if (expose(stage, ports.items[j], error) < 0)
                return -1;
    }
    stage_add_history(stage, instruction);
    return 0;
}
