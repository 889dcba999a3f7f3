#include "formats/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"

__attribute__((format(printf, 1, 0))) static char *format_message(const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        return xstrdup("out of memory");
    return text;
}

/* Bytes. A message must fit runtime/process/message.h; a word of a hostile file (a path, a value) must not
 * push the rest out of sight. */
enum { MESSAGE_MAX = 4000, WORD_MAX_LENGTH = 600 };

static char *shorten_words(const char *text)
{
    struct buffer out = {0};
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        cleanup_free char *word = text_shorten(text, length, WORD_MAX_LENGTH);
        buffer_add_string(&out, word);
        text += length;
        size_t spaces = strspn(text, " ");
        buffer_add(&out, text, spaces);
        text += spaces;
    }
    return buffer_take(&out);
}

static void replace(struct error *error, const char *text)
{
    cleanup_free char *printable = text_printable(text);
    cleanup_free char *words = shorten_words(printable);
    free(error->message);
    error->message = text_shorten(words, strlen(words), MESSAGE_MAX);
}

void error_set_message(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    cleanup_free char *text = format_message(format, arguments);
    va_end(arguments);
    replace(error, text);
    error->number = 0;
    error->kind = ERROR_KIND_NONE;
}

void error_set_numbered(struct error *error, int number, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    cleanup_free char *text = format_message(format, arguments);
    va_end(arguments);
    error_set_message(error, "%s", text);
    error->number = number;
}

void error_set_errno(struct error *error, int number, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    cleanup_free char *text = format_message(format, arguments);
    va_end(arguments);
    error_set_numbered(error, number, "%s: %s", text, strerror(number));
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
