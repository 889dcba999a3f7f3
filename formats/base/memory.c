#include "formats/base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory)
{
    if (memory == NULL) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *xcalloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *memory, size_t size)
{
    return checked(realloc(memory, size ? size : 1));
}

void *xreallocarray(void *memory, size_t count, size_t size)
{
    return checked(reallocarray(memory, count ? count : 1, size ? size : 1));
}

char *xstrdup(const char *string)
{
    return checked(strdup(string));
}

char *xstrndup(const char *string, size_t length)
{
    return checked(strndup(string, length));
}

void *xmemdup(const void *memory, size_t size)
{
    void *copy = xcalloc(1, size);
    if (size > 0)
        memcpy(copy, memory, size);
    return copy;
}

char *xasprintf(const char *format, ...)
{
    char *string = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&string, format, arguments);
    va_end(arguments);
    return checked(length < 0 ? NULL : string);
}
