/* One failure on its way to the user. */
#include "formats/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

__attribute__((format(printf, 1, 0))) static char *format_message(const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        return xstrdup("out of memory");
    return text;
}

/* A message is one line whatever a hostile file name in it holds: control characters become \xNN. */
static char *one_line(const char *text)
{
    char *line = xcalloc(strlen(text) + 1, 4);
    char *out = line;
    for (const char *in = text; *in != '\0'; in++) {
        unsigned char c = (unsigned char)*in;
        if (c < 0x20 || c == 0x7f)
            out += sprintf(out, "\\x%02x", c);
        else
            *out++ = *in;
    }
    *out = '\0';
    return line;
}

static void replace(struct error *error, const char *text)
{
    char *line = one_line(text);
    free(error->message);
    error->message = line;
}

void error_set_message(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    cleanup_free char *text = format_message(format, arguments);
    va_end(arguments);
    replace(error, text);
    error->number = 0;
}

void error_set_errno(struct error *error, int number, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    cleanup_free char *text = format_message(format, arguments);
    va_end(arguments);
    cleanup_free char *whole = xasprintf("%s: %s", text, strerror(number));
    replace(error, whole);
    error->number = number;
}

void error_add_prefix(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    cleanup_free char *text = format_message(format, arguments);
    va_end(arguments);
    cleanup_free char *whole = xasprintf("%s: %s", text, error->message ? error->message : "failed");
    replace(error, whole);
}

void error_clear(struct error *error)
{
    free(error->message);
    *error = (struct error){0};
}
