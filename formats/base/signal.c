#include "formats/base/signal.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SIGNAL_LAST = 64 };

/* One or two digits, or -1. */
static int small_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits >= 1 && digits <= 2 && text[digits] == '\0' ? atoi(text) : -1;
}

/* "" or "+3"; -1 for anything else. */
static int read_offset(const char *text, char sign)
{
    if (*text == '\0')
        return 0;
    return *text == sign ? small_number(text + 1) : -1;
}

/* "RTMIN", "RTMIN+3", "RTMAX-2": real-time signals have no names of their own. */
static int real_time(const char *name)
{
    static const struct {
        const char *base;
        char sign;
    } forms[] = {{"RTMIN", '+'}, {"RTMAX", '-'}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t length = strlen(forms[i].base);
        if (strncasecmp(name, forms[i].base, length) != 0)
            continue;
        int offset = read_offset(name + length, forms[i].sign);
        if (offset < 0 || offset > SIGRTMAX - SIGRTMIN)
            return -1;
        return forms[i].sign == '+' ? SIGRTMIN + offset : SIGRTMAX - offset;
    }
    return -1;
}

/* signal(7): names that stand for the same numbers as others. */
static int other_name(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } names[] = {{"CLD", SIGCHLD}, {"IOT", SIGABRT}, {"IO", SIGIO}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(names[i].name, name) == 0)
            return names[i].number;
    return -1;
}

int signal_from_name(const char *name)
{
    int number = small_number(name);
    if (number >= 0)
        return number >= 1 && number <= SIGNAL_LAST ? number : -1;
    if (strncasecmp(name, "SIG", 3) == 0)
        name += 3;
    for (number = 1; number < NSIG; number++) {
        const char *known = sigabbrev_np(number);
        if (known != NULL && strcasecmp(known, name) == 0)
            return number;
    }
    number = other_name(name);
    return number > 0 ? number : real_time(name);
}
