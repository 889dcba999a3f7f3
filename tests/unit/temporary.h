/* A directory for one test, under TMPDIR, removed with all in it. For the unit tests. */
#ifndef TESTS_UNIT_TEMPORARY_H
#define TESTS_UNIT_TEMPORARY_H

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct temporary {
    char path[256];
    int fd;
};

/* cmocka's setup: *state becomes a struct temporary. */
static inline int temporary_make(void **state)
{
    struct temporary *temporary = calloc(1, sizeof *temporary);
    const char *parent = getenv("TMPDIR");
    if (temporary == NULL)
        return -1;
    snprintf(temporary->path, sizeof temporary->path, "%s/urunc-test-XXXXXX",
             parent != NULL ? parent : "/tmp");
    if (mkdtemp(temporary->path) == NULL) {
        free(temporary);
        return -1;
    }
    temporary->fd = open(temporary->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = temporary;
    return temporary->fd >= 0 ? 0 : -1;
}

static inline int temporary_remove_one(const char *path, const struct stat *status, int type,
                                       struct FTW *position)
{
    (void)status;
    (void)position;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

/* cmocka's teardown. */
static inline int temporary_remove(void **state)
{
    struct temporary *temporary = *state;
    close(temporary->fd);
    int result = nftw(temporary->path, temporary_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(temporary);
    return result;
}

static inline void temporary_write(const struct temporary *temporary, const char *name, const void *bytes,
                                   size_t length)
{
    int fd = openat(temporary->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), (ssize_t)length);
    close(fd);
}

static inline void temporary_write_text(const struct temporary *temporary, const char *name, const char *text)
{
    temporary_write(temporary, name, text, strlen(text));
}

/* The whole file as text; the caller frees it. */
static inline char *temporary_read(const struct temporary *temporary, const char *name)
{
    int fd = openat(temporary->fd, name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    char *text = calloc(1, (size_t)status.st_size + 1);
    assert_non_null(text);
    assert_int_equal(read(fd, text, (size_t)status.st_size), status.st_size);
    close(fd);
    return text;
}

/* How many entries a directory has, hidden ones included. */
static inline int temporary_count(const struct temporary *temporary, const char *name)
{
    int fd = openat(temporary->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    DIR *directory = fdopendir(fd);
    assert_non_null(directory);
    int count = -2; /* "." and ".." */
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

#define with_temporary(test) cmocka_unit_test_setup_teardown(test, temporary_make, temporary_remove)

#endif
