/* Errors that have a place in a spec. */
#include "builder/spec/place.h"

#include <string.h>

#include "formats/base/cleanup.h"

enum { HEAD = 400, TAIL = 200 }; /* bytes of a long message that are kept */

bool error_has_place(const struct error *error)
{
    return error->number == ERROR_NUMBER_PLACE;
}

static bool is_inside_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* What was wrong stands at a message's end and with what at its beginning. */
static void shorten(struct error *error)
{
    size_t length = strlen(error->message), head = HEAD, tail = length - TAIL;
    if (length <= HEAD + TAIL)
        return;
    while (head > 0 && is_inside_character(error->message[head]))
        head--;
    while (is_inside_character(error->message[tail]))
        tail++;
    cleanup_free char *whole = take_pointer(error->message);
    error_set(error, "%.*s...%s", (int)head, whole, whole + tail);
}

int error_place(struct error *error, const char *file, int line)
{
    if (error_has_place(error) || line == 0)
        return -1;
    if (error->message != NULL)
        shorten(error);
    error_prefix(error, "%s:%d", file, line);
    error->number = ERROR_NUMBER_PLACE;
    return -1;
}
