/* Growing bytes, and growing vectors of strings. */
#ifndef FORMATS_BASE_BUFFER_H
#define FORMATS_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes that grow. `data` has a NUL behind its last byte once anything was added, so text can be used as a
 * string. */
struct buffer {
    char *data;
    size_t length;   /* bytes in use */
    size_t capacity; /* bytes allocated */
};

void buffer_add(struct buffer *buffer, const void *bytes, size_t length);
void buffer_add_string(struct buffer *buffer, const char *string);
void buffer_add_char(struct buffer *buffer, char c);
void buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Hands the text over to the caller, who frees it ("" where nothing was added); the buffer is empty
 * afterwards. */
char *buffer_take(struct buffer *buffer);
void buffer_free(struct buffer *buffer);
#define cleanup_buffer __attribute__((cleanup(buffer_free)))

/* A vector of owned strings; `items` ends with NULL once anything was added, so it can be an argv. */
struct strings {
    char **items;
    size_t count;
};

void strings_add(struct strings *strings, const char *string); /* copies */
void strings_add_owned(struct strings *strings, char *string); /* takes ownership */
void strings_format(struct strings *strings, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strings_add_all(struct strings *strings, const struct strings *other);
bool strings_contain(const struct strings *strings, const char *string);
void strings_free(struct strings *strings);
#define cleanup_strings __attribute__((cleanup(strings_free)))

#endif
