#include "runtime/init/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t length = 0;
    ssize_t got = 0;
    while (length < size - 1 && (got = read(fd, text + length, size - 1 - length)) > 0)
        length += (size_t)got;
    close(fd);
    text[length] = '\0';
    return got < 0 ? -1 : (ssize_t)length;
}

char *read_whole(const char *path, size_t *size)
{
    size_t capacity = 65536;
    for (;;) {
        char *text = malloc(capacity);
        ssize_t got = text != NULL ? read_text(path, text, capacity) : -1;
        if (got >= 0 && (size_t)got < capacity - 1) {
            if (size != NULL)
                *size = (size_t)got;
            return text;
        }
        free(text);
        if (got < 0)
            return NULL;
        capacity *= 4; /* files in /proc do not tell their size */
    }
}

int write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return -1;
    size_t length = strlen(text);
    ssize_t written = write(fd, text, length);
    int number = errno;
    close(fd);
    errno = number;
    return written == (ssize_t)length ? 0 : -1;
}

int make_directories(const char *path)
{
    if (*path == '\0') {
        errno = ENOENT;
        return -1;
    }
    char *copy = strdup(path);
    if (copy == NULL)
        return -1;
    int result = 0;
    for (char *slash = copy; slash != NULL;) {
        slash = strchr(slash + 1, '/');
        if (slash != NULL)
            *slash = '\0';
        result = *copy != '\0' ? mkdir(copy, 0755) : 0;
        if (slash != NULL)
            *slash = '/';
    }
    int number = errno;
    free(copy);
    errno = number;
    return result == 0 || number == EEXIST ? 0 : -1;
}

static int touch(const char *path)
{
    int fd = open(path, O_RDONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

int make_file(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0)
        return 0;
    if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode) && unlink(path) < 0)
        return -1;
    char *above = strdup(path);
    if (above == NULL)
        return -1;
    char *slash = strrchr(above, '/');
    int result = 0;
    if (slash != NULL && slash != above) {
        *slash = '\0';
        result = make_directories(above);
    }
    free(above);
    return result == 0 ? touch(path) : -1;
}
