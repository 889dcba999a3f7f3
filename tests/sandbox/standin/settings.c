#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/standin/report.h"

static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "re");
    char *bytes = NULL;
    FILE *copy = open_memstream(&bytes, size);
    for (int c; file != NULL && (c = getc(file)) != EOF;)
        putc(c, copy);
    fclose(copy);
    if (file != NULL)
        fclose(file);
    return bytes;
}

/* A record stands behind a NUL: that of the record before, or what aligns the file's name. */
char *settings_arguments(const char *initrd)
{
    static const char name[] = ".urunc/settings", record[] = "\0arg=";
    size_t size = 0, length = 0;
    char *bytes = read_file(initrd, &size), *text = NULL;
    FILE *out = open_memstream(&text, &length);
    const char *at = bytes != NULL ? memmem(bytes, size, name, sizeof name) : NULL;
    while (at != NULL) {
        at = memmem(at, size - (size_t)(at - bytes), record, sizeof record - 1);
        if (at == NULL)
            break;
        at += sizeof record - 1;
        fprintf(out, "%s ", at);
    }
    fclose(out);
    free(bytes);
    return text;
}
