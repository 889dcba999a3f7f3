/* Allocation that never fails: out of memory ends the program with one line on stderr. */
#ifndef FORMATS_BASE_MEMORY_H
#define FORMATS_BASE_MEMORY_H

#include <stddef.h>

/* Each returns memory that the caller frees with free(); none returns NULL. */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *memory, size_t size);
/* Like realloc for an array of `count` elements; a product that overflows ends the program. */
void *xreallocarray(void *memory, size_t count, size_t size);
char *xstrdup(const char *string);
char *xstrndup(const char *string, size_t length);
void *xmemdup(const void *memory, size_t size);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
