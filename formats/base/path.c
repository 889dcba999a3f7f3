#include "formats/base/path.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/memory.h"

/* Takes the last name away; false where there is none but "..". */
static bool pop(struct buffer *clean)
{
    size_t length = clean->length;
    while (length > 0 && clean->data[length - 1] != '/')
        length--;
    if (clean->length == 0 || strcmp(clean->data + length, "..") == 0)
        return false;
    clean->length = length > 0 ? length - 1 : 0;
    clean->data[clean->length] = '\0';
    return true;
}

char *path_clean(const char *path, enum path_dots dots)
{
    struct buffer clean = {0};
    while (path += strspn(path, "/"), *path != '\0') {
        size_t length = strcspn(path, "/");
        bool up = length == 2 && strncmp(path, "..", 2) == 0;
        if (up && dots == PATH_DOTS_REFUSE) {
            buffer_free(&clean);
            return NULL;
        }
        bool settled = up && (pop(&clean) || dots == PATH_DOTS_POP);
        if (!settled && !(length == 1 && *path == '.')) {
            if (clean.length > 0)
                buffer_add_char(&clean, '/');
            buffer_add(&clean, path, length);
        }
        path += length;
    }
    return buffer_take(&clean);
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

void path_split(const char *path, char **directory, char **name)
{
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (name != NULL)
        *name = xstrndup(path + start, end - start);
    if (directory == NULL)
        return;
    size_t length = start;
    while (length > 0 && path[length - 1] == '/')
        length--;
    if (length > 0)
        *directory = xstrndup(path, length);
    else
        *directory = xstrdup(*path == '/' ? "/" : ".");
}

char *path_join(const char *directory, const char *name)
{
    size_t length = strlen(directory);
    const char *separator = length > 0 && directory[length - 1] != '/' ? "/" : "";
    return xasprintf("%s%s%s", directory, separator, name);
}

bool path_is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}
