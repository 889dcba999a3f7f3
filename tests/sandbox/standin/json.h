/* JSON on standard output, written as it comes: no allocation, no library, so that the stand-in monitor needs
 * nothing but libc. A call with a key is inside an object, one with NULL inside an array. */
#ifndef TESTS_SANDBOX_STANDIN_JSON_H
#define TESTS_SANDBOX_STANDIN_JSON_H

#include <stdbool.h>
#include <stdint.h>

void json_open(const char *key, char bracket); /* '{' or '[' */
void json_close(char bracket);                 /* '}' or ']' */

/* Bytes that are not ASCII are written as they are. NULL is null. */
void json_text(const char *key, const char *text);
void json_format(const char *key, const char *format, ...) __attribute__((format(printf, 2, 3)));
void json_number(const char *key, int64_t number);
void json_unsigned(const char *key, uint64_t number);
void json_truth(const char *key, bool truth);
/* "ok", or the name of an errno number: "EPERM". */
void json_outcome(const char *key, int number);

#endif
