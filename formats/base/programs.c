#include "formats/base/programs.h"

#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

char *program_find(const char *name, bool (*wanted)(const char *path))
{
    return program_find_below("", name, wanted);
}

char *program_find_below(const char *root, const char *name, bool (*wanted)(const char *path))
{
    const char *directory = PROGRAM_PATH;
    for (;;) {
        size_t length = strcspn(directory, ":");
        cleanup_free char *path = xasprintf("%s%.*s/%s", root, (int)length, directory, name);
        if (access(path, X_OK) == 0 && (wanted == NULL || wanted(path)))
            return take_pointer(path);
        if (directory[length] == '\0')
            return NULL;
        directory += length + 1;
    }
}
