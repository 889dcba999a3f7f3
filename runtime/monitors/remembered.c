#include "runtime/monitors/remembered.h"

#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"

enum { REMEMBERED_MAX = 64 << 10 /* bytes; holds a path */ };

/* The file is the key, then the answer. */
bool remembered_read(int directory, const char *name, const char *key, struct buffer *answer)
{
    cleanup_buffer struct buffer text = {0};
    cleanup_error struct error ignored = {0};
    size_t length = strlen(key);
    if (directory < 0 || read_file(directory, name, REMEMBERED_MAX, &text, &ignored) < 0)
        return false;
    if (text.length <= length || memcmp(text.data, key, length) != 0)
        return false;
    buffer_add(answer, text.data + length, text.length - length);
    return true;
}

void remembered_write(int directory, const char *name, const char *key, const char *answer)
{
    cleanup_error struct error ignored = {0};
    cleanup_free char *text = xasprintf("%s%s", key, answer);
    if (directory >= 0)
        file_replace(directory, name, text, strlen(text), &ignored);
}
