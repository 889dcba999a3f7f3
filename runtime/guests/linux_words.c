#include "runtime/guests/linux_words.h"

#include <stdbool.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/guests/guest.h"

static bool is_blank(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0;
}

static bool has_blank(const char *text)
{
    for (; *text != '\0'; text++)
        if (is_blank((unsigned char)*text))
            return true;
    return false;
}

size_t linux_count_words(const char *text)
{
    size_t count = 0;
    bool in_word = false;
    bool in_quote = false;
    for (; *text != '\0'; text++) {
        if (*text == '"')
            in_quote = !in_quote;
        bool blank = is_blank((unsigned char)*text) && !in_quote;
        if (!blank && !in_word)
            count++;
        in_word = !blank;
    }
    return count;
}

void linux_add_argument(struct buffer *line, const char *argument)
{
    if (*argument != '\0' && !has_blank(argument) && argument[strcspn(argument, "'\"")] == '\0') {
        buffer_add_string(line, argument);
        return;
    }
    guest_add_quoted(line, argument, "'\\''");
}

/* Kernel parameters that decide how this guest boots. A variable of that name would silently be one. */
static const char *const boot_parameters[] = {
    "acpi",  "console",   "debug",     "earlycon", "earlyprintk", "init",    "initrd",
    "ip",    "loglevel",  "maxcpus",   "mem",      "memmap",      "nfsroot", "noinitrd",
    "nosmp", "panic",     "quiet",     "rdinit",   "reboot",      "resume",  "ro",
    "root",  "rootdelay", "rootflags", "rootwait", "rootfstype",  "rw",
};

static bool is_boot_parameter(const char *name)
{
    for (size_t i = 0; i < sizeof boot_parameters / sizeof *boot_parameters; i++)
        if (strcmp(boot_parameters[i], name) == 0)
            return true;
    return false;
}

int linux_add_variable(struct buffer *line, const char *variable, struct error *error)
{
    size_t name_length = strcspn(variable, "=");
    cleanup_free char *name = xstrndup(variable, name_length);
    if (variable[name_length] != '=' || name_length == 0)
        return error_set(error, "process.env %s: not of the form NAME=VALUE", variable);
    if (is_boot_parameter(name) || strcmp(name, "--") == 0 || strchr(name, '.') != NULL || has_blank(name))
        return error_set(
            error,
            "process.env %s: the Linux kernel would take the name for a parameter of its own: use "
            "urunc-init",
            variable);
    if (strchr(variable, '"') != NULL)
        return error_set(
            error, "process.env %s: a double quote cannot stand on the Linux command line: use urunc-init",
            variable);
    const char *value = variable + name_length + 1;
    buffer_format(line, has_blank(value) ? " %s=\"%s\"" : " %s=%s", name, value);
    return 0;
}
