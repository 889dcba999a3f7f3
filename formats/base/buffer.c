#include "formats/base/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/memory.h"

static void reserve(struct buffer *buffer, size_t more)
{
    size_t needed = buffer->length + more + 1;
    if (needed <= buffer->capacity)
        return;
    size_t capacity = buffer->capacity * 2 > needed ? buffer->capacity * 2 : needed;
    buffer->data = xrealloc(buffer->data, capacity);
    buffer->capacity = capacity;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t length)
{
    reserve(buffer, length);
    if (length > 0)
        memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

void buffer_add_string(struct buffer *buffer, const char *string)
{
    buffer_add(buffer, string, strlen(string));
}

void buffer_add_char(struct buffer *buffer, char c)
{
    buffer_add(buffer, &c, 1);
}

__attribute__((format(printf, 1, 0))) static char *format_string(const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    return text;
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_string(format, arguments);
    va_end(arguments);
    buffer_add_string(buffer, text);
    free(text);
}

char *buffer_take(struct buffer *buffer)
{
    buffer_add(buffer, "", 0);
    char *text = buffer->data;
    *buffer = (struct buffer){0};
    return text;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void strings_add_owned(struct strings *strings, char *string)
{
    /* Grow at powers of two, counting the NULL at the end. */
    if (strings->items == NULL || ((strings->count + 1) & strings->count) == 0)
        strings->items = xreallocarray(strings->items, (strings->count + 1) * 2, sizeof(char *));
    strings->items[strings->count++] = string;
    strings->items[strings->count] = NULL;
}

void strings_add(struct strings *strings, const char *string)
{
    strings_add_owned(strings, xstrdup(string));
}

void strings_format(struct strings *strings, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    strings_add_owned(strings, format_string(format, arguments));
    va_end(arguments);
}

void strings_add_all(struct strings *strings, const struct strings *other)
{
    for (size_t i = 0; i < other->count; i++)
        strings_add(strings, other->items[i]);
}

bool strings_contain(const struct strings *strings, const char *string)
{
    for (size_t i = 0; i < strings->count; i++)
        if (strcmp(strings->items[i], string) == 0)
            return true;
    return false;
}

void strings_free(struct strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
    *strings = (struct strings){0};
}
