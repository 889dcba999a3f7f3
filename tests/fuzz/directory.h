/* A directory for fuzzers of what reads files: in memory where there is /dev/shm, removed at exit. */
#ifndef FUZZ_DIRECTORY_H
#define FUZZ_DIRECTORY_H

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/bundle/remove_tree.h"
#include "tests/fuzz/fuzz.h"

static char directory_path[] = "/dev/shm/urunc-fuzz-XXXXXX";

static void directory_remove(void)
{
    struct error error = {0};
    int parent = open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    remove_tree(parent, directory_path + strlen("/dev/shm/"), &error);
    error_clear(&error);
    close(parent);
}

/* Its descriptor. Made when it is first asked for. */
static inline int directory_open(void)
{
    static int fd = -1;
    if (fd >= 0)
        return fd;
    CHECK(mkdtemp(directory_path) != NULL);
    atexit(directory_remove);
    fd = open(directory_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

static inline void directory_write(int directory, const char *name, const void *bytes, size_t length)
{
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
    close(fd);
}

#endif
