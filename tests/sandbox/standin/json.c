#include "tests/sandbox/standin/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* True where the next value of the object or array at hand is its first. */
static bool first = true;

static void quote(const char *text)
{
    putchar('"');
    for (const unsigned char *byte = (const unsigned char *)text; *byte != '\0'; byte++) {
        if (*byte < 0x20 || *byte == 0x7f)
            printf("\\u%04x", *byte);
        else if (*byte == '"' || *byte == '\\')
            printf("\\%c", *byte);
        else
            putchar(*byte);
    }
    putchar('"');
}

static void begin(const char *key)
{
    if (!first)
        putchar(',');
    first = false;
    if (key != NULL) {
        quote(key);
        putchar(':');
    }
}

void json_open(const char *key, char bracket)
{
    begin(key);
    putchar(bracket);
    first = true;
}

void json_close(char bracket)
{
    putchar(bracket);
    first = false;
}

void json_text(const char *key, const char *text)
{
    begin(key);
    if (text != NULL)
        quote(text);
    else
        printf("null");
}

void json_format(const char *key, const char *format, ...)
{
    char text[512];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    json_text(key, text);
}

void json_number(const char *key, int64_t number)
{
    begin(key);
    printf("%" PRId64, number);
}

void json_unsigned(const char *key, uint64_t number)
{
    begin(key);
    printf("%" PRIu64, number);
}

void json_truth(const char *key, bool truth)
{
    begin(key);
    printf("%s", truth ? "true" : "false");
}

void json_outcome(const char *key, int number)
{
    const char *name = number == 0 ? "ok" : strerrorname_np(number);
    if (name != NULL)
        json_text(key, name);
    else
        json_format(key, "errno %d", number);
}
