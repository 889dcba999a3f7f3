#include "builder/spec/spec_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/open.h"
#include "formats/base/path.h"

static const char *const default_files[] = {"Containerfile", "Dockerfile", NULL};

/* The number of the descriptor that a path stands for, or -1. */
static int descriptor_of(const char *path)
{
    static const char *const directories[] = {"/dev/fd/", "/proc/self/fd/", NULL};
    if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0)
        return STDIN_FILENO;
    for (const char *const *directory = directories; *directory != NULL; directory++) {
        size_t length = strlen(*directory);
        if (strncmp(path, *directory, length) != 0)
            continue;
        char *end;
        errno = 0;
        long number = strtol(path + length, &end, 10);
        bool is_number = path[length] >= '0' && path[length] <= '9' && *end == '\0' && errno == 0;
        return is_number && number <= INT_MAX ? (int)number : -1;
    }
    return -1;
}

static int take_descriptor(struct spec_file *spec, int number, const char *path, struct error *error)
{
    spec->name = xstrdup(number == STDIN_FILENO ? "stdin" : path);
    spec->fd = fcntl(number, F_DUPFD_CLOEXEC, 0);
    return spec->fd >= 0 ? 0 : error_errno(error, errno, "-f %s", path);
}

static int open_path(struct spec_file *spec, const char *path, struct error *error)
{
    spec->fd = open_regular(AT_FDCWD, path, O_RDONLY, error);
    if (spec->fd < 0)
        return -1;
    spec->name = xstrdup(path);
    spec->path = xstrdup(path);
    return 0;
}

static int open_default(struct spec_file *spec, const char *context, struct error *error)
{
    bool here = strcmp(context, ".") == 0 || strcmp(context, "./") == 0;
    for (const char *const *file = default_files; *file != NULL; file++) {
        cleanup_free char *path = path_join(here ? "" : context, *file);
        if (open_path(spec, path, error) == 0)
            return 0;
        if (error->number != ENOENT)
            return -1;
        error_clear(error);
    }
    return error_set(error, "%s: there is neither a Containerfile nor a Dockerfile; name the spec with -f",
                     context);
}

int spec_file_open(struct spec_file *spec, const char *file, const char *context, struct error *error)
{
    *spec = SPEC_FILE_NONE;
    if (file == NULL)
        return open_default(spec, context, error);
    int number = descriptor_of(file);
    return number >= 0 ? take_descriptor(spec, number, file, error) : open_path(spec, file, error);
}

void spec_file_close(struct spec_file *spec)
{
    if (spec->fd >= 0)
        close(spec->fd);
    free(spec->name);
    free(spec->path);
    *spec = SPEC_FILE_NONE;
}
